import { App } from 'aws-cdk-lib';

import { bundle } from '#lib/bundle.ts';
import { DataStack } from '#lib/data-stack.ts';
import { heldToRules } from '#lib/rule-packs.ts';
import { ServiceStack } from '#lib/service-stack.ts';

await bundle();
const app = new App();
await heldToRules(app);
const data = new DataStack(app, 'SuanpanData', {});
new ServiceStack(app, 'SuanpanService', { data });
app.synth();

import { App } from 'aws-cdk-lib';

import { bundle } from '#lib/bundle.ts';
import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';

await bundle();
const app = new App();
const data = new DataStack(app, 'SuanpanData', {});
new ServiceStack(app, 'SuanpanService', { data });
app.synth();

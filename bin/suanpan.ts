import { App } from 'aws-cdk-lib';

import { bundle } from '#lib/bundle.ts';
import { heldToRules } from '#lib/rule-packs.ts';
import { stacksIn } from '#lib/stacks.ts';

await bundle();
const app = new App();
await heldToRules(app);
stacksIn(app);
app.synth();

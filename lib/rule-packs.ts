import { Validations, type App, type IPolicyValidationPlugin } from 'aws-cdk-lib';

/**
 * Has synthesis fail on every finding of two packs of rules that is not acknowledged. They are loaded only where validation
 * is on: on one machine, synthesis is part of every start.
 */
export const heldToRules = async (app: App): Promise<readonly IPolicyValidationPlugin[]> => {
  if (process.env['CDK_VALIDATION'] === 'false') return [];
  const { AwsSolutionsChecks, ServerlessChecks } = await import('cdk-nag');
  const packs = [new AwsSolutionsChecks(app), new ServerlessChecks(app)];
  Validations.of(app).addPlugins(...packs);
  return packs;
};

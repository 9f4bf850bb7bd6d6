import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

import { bundle } from '#lib/bundle.ts';
import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';

/** The stacks as `bin/suanpan.ts` makes them, with these switches. */
export const stacks = (context: Record<string, string> = {}) => {
  const app = new App({ context });
  const data = new DataStack(app, 'SuanpanData', {});
  const service = new ServiceStack(app, 'SuanpanService', { data });
  return { app, data, service };
};

export interface Resource {
  readonly Type: string;
  // Templates are JSON of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly UpdatePolicy?: any;
}

export type Resources = Readonly<Record<string, Resource>>;

/** Both templates, by stack. */
export const templates = async (context: Record<string, string> = {}) => {
  await bundle();
  const { data, service } = stacks(context);
  return {
    data: Template.fromStack(data).toJSON() as { Resources: Resources; Description: string },
    service: Template.fromStack(service).toJSON() as { Resources: Resources; Description: string },
  };
};

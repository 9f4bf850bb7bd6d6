import * as z from 'zod';

/** CloudFormation takes `true` and `"true"` alike. */
export const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const TemplateResource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
});
export type TemplateResource = z.infer<typeof TemplateResource>;

export const TemplateParameter = z.object({ Type: z.string(), Default: z.union([z.string(), z.number()]).optional() });

/** The parts of a CloudFormation template that say what exists. Rules and Metadata change nothing here. */
export const Template = z.object({
  Resources: z.record(z.string(), TemplateResource).default({}),
  Parameters: z.record(z.string(), TemplateParameter).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Condition: z.string().optional(),
        Export: z.object({ Name: z.unknown() }).optional(),
      }),
    )
    .default({}),
  Transform: z.unknown().optional(),
});
export type Template = z.infer<typeof Template>;

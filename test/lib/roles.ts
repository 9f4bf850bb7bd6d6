import { readAssembly } from '../../local/runtime/assembly/assembly.ts';
import { deploy, type Deployment, type Resource } from '../../local/runtime/assembly/deployment.ts';
import { grantsOf, type Grant } from '../../local/runtime/permissions/grants.ts';
import { synthesize } from '../../local/synthesize.ts';
import { isWrite } from '../granted.ts';

import * as z from 'zod';

type Taken = Pick<Grant, 'function' | 'action' | 'resource'>;

const nameIn = (withAlias: string): string => withAlias.split(':')[0] ?? withAlias;
const Kept = z.object({ DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }) }) });
const Source = z.object({ FunctionName: z.string().transform(nameIn), EventSourceArn: z.string() });
const Invoked = z.object({ FunctionName: z.string().transform(nameIn) });

const putAway = (holder: string, properties: unknown): Taken[] => {
  const kept = Kept.safeParse(properties);
  if (!kept.success) return [];
  return [{ function: holder, action: 'sqs:SendMessage', resource: kept.data.DestinationConfig.OnFailure.Destination }];
};

/** What AWS itself does with the role of a function: takes messages of its queue, and puts away what failed for good. */
const takenForFunctions = (deployment: Deployment): Taken[] => [
  ...deployment.ofType('AWS::Lambda::EventSourceMapping').flatMap(({ properties }) => {
    const { FunctionName, EventSourceArn } = Source.parse(properties);
    const takes = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'].map((verb) => ({
      function: FunctionName,
      action: `sqs:${verb}`,
      resource: EventSourceArn,
    }));
    return [...takes, ...putAway(FunctionName, properties)];
  }),
  ...deployment
    .ofType('AWS::Lambda::EventInvokeConfig')
    .flatMap(({ properties }) => putAway(Invoked.parse(properties).FunctionName, properties)),
];

const OneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Policy = z.object({
  PolicyDocument: z.object({
    Statement: z.array(z.object({ Effect: z.string(), Action: OneOrMore, Resource: OneOrMore.default([]) })),
  }),
  Roles: z.array(z.string()).default([]),
});

/** Each right to write that a timer or a workflow has of a resource that it does not name. */
const unmentioned = (deployment: Deployment): string[] => {
  const holders = deployment
    .ofType('AWS::StepFunctions::StateMachine', 'AWS::Scheduler::Schedule')
    .map(({ properties }) => JSON.stringify(properties));
  return deployment.passive('AWS::IAM::Policy').flatMap(({ properties }: Resource) => {
    const { PolicyDocument, Roles } = Policy.parse(properties);
    return Roles.flatMap((role) => {
      const holder = holders.find((each) => each.includes(`:${role}"`));
      if (holder === undefined) return [];
      return PolicyDocument.Statement.flatMap(({ Action, Resource: resources }) =>
        Action.filter((action) => isWrite({ action })).flatMap((action) =>
          resources.filter((each) => !holder.includes(each)).map((each) => `${role} ${action} ${each}`),
        ),
      );
    });
  });
};

/** What the roles of the templates may write, with every reference followed. */
export const rolesOf = async () => {
  const addresses = { gateway: 'http://gateway', objects: 'http://objects', apiOf: (id: string) => `http://${id}` };
  const parameters = { JwtIssuer: 'https://issuer', JwtAudience: 'audience' };
  const deployment = deploy(readAssembly(await synthesize()), parameters, addresses);
  const taken = new Set(takenForFunctions(deployment).map((each) => JSON.stringify(each)));
  return {
    functions: deployment.ofType('AWS::Lambda::Function').map(({ name }) => name),
    /** What the code of functions may write. */
    writes: grantsOf(deployment).filter(
      (grant) =>
        isWrite(grant) &&
        !taken.has(JSON.stringify({ function: grant.function, action: grant.action, resource: grant.resource })),
    ),
    unmentioned: unmentioned(deployment),
    actions: deployment
      .passive('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy')
      .flatMap(({ properties }) => Policy.parse(properties).PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action }) => Action),
  };
};

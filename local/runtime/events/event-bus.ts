import { randomUUID } from 'node:crypto';

import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import type { Operations } from '../gateway/gateway.ts';
import type { Ground } from '../machine/ground.ts';
import { Refusal, ServiceError } from '../refusal.ts';
import { checkedPattern, matches, type Pattern } from './pattern.ts';
import { checkTargetInput, inputFor, TargetInput } from './target-input.ts';
import type { Targets } from './targets.ts';

const Target = TargetInput.extend({
  Arn: z.string(),
  SqsParameters: z.undefined('message groups are not supported').optional(),
});

export const RuleProperties = z.object({
  EventBusName: z.string().default('default'),
  EventPattern: z.unknown().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.string().default('ENABLED'),
  Targets: z.array(Target).default([]),
});

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly bus: string;
  readonly pattern: Pattern;
  readonly targets: readonly z.infer<typeof Target>[];
}

export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
  readonly time?: Date;
}

const Entry = z.object({
  Source: z.string(),
  DetailType: z.string(),
  Detail: z.string(),
  EventBusName: z.string().default('default'),
  Resources: z.array(z.string()).optional(),
  Time: z.number().optional(),
});

const busNameOf = (nameOrArn: string): string => nameOrArn.split('/').at(-1) ?? nameOrArn;

/** Sources of AWS itself that exist on this machine; a rule that waits for another would wait for ever. */
const ownSources = new Set(['aws.s3', 'aws.events']);

const checkSources = (path: string, { source }: Pattern): void => {
  const sources: unknown[] = Array.isArray(source) ? source : [];
  const foreign = sources
    .filter((one) => typeof one === 'string')
    .find((one) => one.startsWith('aws.') && !ownSources.has(one));
  if (foreign !== undefined) throw new Refusal(`${path}: nothing on this machine emits events of ${foreign}`);
};

/** Event buses: what is put is matched at once, and every delivery is written down before it is answered. */
export class EventBuses {
  readonly #rules: readonly Rule[];
  readonly #names: ReadonlySet<string>;
  readonly #targets: Targets;
  readonly #ground: Ground;
  readonly #deployment: Deployment;

  constructor(deployment: Deployment, targets: Targets, ground: Ground) {
    this.#deployment = deployment;
    this.#targets = targets;
    this.#ground = ground;
    this.#names = new Set(['default', ...deployment.ofType('AWS::Events::EventBus').map(({ name }) => name)]);
    this.#rules = deployment.ofType('AWS::Events::Rule').flatMap(({ path, name, properties }) => {
      const rule = RuleProperties.parse(properties);
      for (const target of rule.Targets) checkTargetInput(target);
      if (rule.EventPattern === undefined || rule.State === 'DISABLED') return [];
      const pattern = checkedPattern(rule.EventPattern);
      checkSources(path, pattern);
      const arn = `arn:aws:events:${deployment.region}:${deployment.account}:rule/${name}`;
      return [{ name, arn, bus: busNameOf(rule.EventBusName), pattern, targets: rule.Targets }];
    });
  }

  checkTargets(): void {
    for (const { name, targets } of this.#rules) for (const { Arn } of targets) this.#targets.check(name, Arn);
  }

  find(nameOrArn: string): string {
    const name = busNameOf(nameOrArn);
    if (!this.#names.has(name))
      throw new ServiceError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
    return name;
  }

  publish(bus: string, event: NewEvent): string {
    const id = randomUUID();
    const { account, region } = this.#deployment;
    const envelope = {
      version: '0',
      id,
      'detail-type': event.detailType,
      source: event.source,
      account,
      time: (event.time ?? this.#ground.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources: event.resources ?? [],
      detail: event.detail,
    };
    this.#send(bus, envelope);
    return id;
  }

  /** An event that another bus sends on. */
  forward(arn: string, event: string): void {
    this.#send(this.find(arn), z.record(z.string(), z.unknown()).parse(JSON.parse(event)));
  }

  readonly operations: Operations = {
    'AWSEvents.PutEvents': (input) => {
      const { Entries } = z.object({ Entries: z.array(Entry).min(1).max(10) }).parse(input);
      const results = this.#ground.database.transaction(() => Entries.map((entry) => this.#put(entry)));
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    },
  };

  #send(bus: string, envelope: object): void {
    for (const rule of this.#rules) {
      if (rule.bus !== bus || !matches(rule.pattern, envelope)) continue;
      for (const target of rule.targets) this.#targets.deliver(target.Arn, inputFor(target, envelope, rule));
    }
  }

  #put(entry: z.infer<typeof Entry>): object {
    if (entry.Source.startsWith('aws.')) {
      return {
        ErrorCode: 'NotAuthorizedForSourceException',
        ErrorMessage: `Not authorized for the source ${entry.Source}.`,
      };
    }
    const bus = this.find(entry.EventBusName);
    let detail: unknown;
    try {
      detail = JSON.parse(entry.Detail);
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    const time = entry.Time === undefined ? undefined : new Date(entry.Time * 1000);
    const { Source: source, DetailType: detailType, Resources: resources } = entry;
    return { EventId: this.publish(bus, { source, detailType, detail, resources, time }) };
  }
}

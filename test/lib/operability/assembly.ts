import type { Resource, Stack } from '../synthesized.ts';

/** A resource and where it is. Of a stack itself, the id is its name and there is no resource type. */
export interface Found {
  readonly id: string;
  readonly stack: Stack;
  readonly logicalId: string;
  readonly resource: Resource;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly properties: any;
}

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

const foundIn = (stack: Stack): Found[] =>
  Object.entries(stack.template.Resources).map(([logicalId, resource]) => ({
    id: `${stack.name}/${logicalId}`,
    stack,
    logicalId,
    resource,
    properties: resource.Properties ?? {},
  }));

/** What was synthesized. It never changes: what breaks it makes another one. */
export class Assembly {
  readonly stacks: readonly Stack[];
  readonly resources: readonly Found[];

  constructor(stacks: readonly Stack[]) {
    this.stacks = stacks;
    this.resources = stacks.flatMap(foundIn);
  }

  ofType(...types: readonly string[]): Found[] {
    return this.resources.filter(({ resource }) => types.includes(resource.Type));
  }

  /** The stacks themselves, as something that can be spoken of. */
  asFound(): Found[] {
    return this.stacks.map((stack) => ({
      id: stack.name,
      stack,
      logicalId: '',
      resource: { Type: 'Stack', Properties: {} },
      properties: {},
    }));
  }

  changed(
    { id, stack, logicalId }: Found,
    change: (properties: Found['properties'], resource: Draft<Resource>) => void,
  ) {
    const resource = structuredClone(this.resources.find((one) => one.id === id)!.resource) as Draft<Resource>;
    resource.Properties ??= {};
    change(resource.Properties, resource);
    return this.#withResources(stack.name, (resources) => ({ ...resources, [logicalId]: resource }));
  }

  with(stackName: string, logicalId: string, resource: Resource): Assembly {
    return this.#withResources(stackName, (resources) => ({ ...resources, [logicalId]: resource }));
  }

  without(isGone: (found: Found) => boolean): Assembly {
    const gone = new Set(this.resources.filter(isGone).map(({ id }) => id));
    if (gone.size === 0) throw new Error('nothing would be taken away');
    return new Assembly(
      this.stacks.map((stack) => ({
        ...stack,
        template: {
          ...stack.template,
          Resources: Object.fromEntries(
            Object.entries(stack.template.Resources).filter(([logicalId]) => !gone.has(`${stack.name}/${logicalId}`)),
          ),
        },
      })),
    );
  }

  withStack(name: string, change: (stack: Draft<Stack>) => void): Assembly {
    return new Assembly(
      this.stacks.map((stack) => {
        if (stack.name !== name) return stack;
        const draft = { ...stack };
        change(draft);
        return draft;
      }),
    );
  }

  #withResources(stackName: string, change: (all: Stack['template']['Resources']) => Stack['template']['Resources']) {
    return this.withStack(stackName, (stack) => {
      stack.template = { ...stack.template, Resources: change(stack.template.Resources) };
    });
  }
}

/** Whether a value names this resource, in its own stack or by an import of what its stack exports. */
export const names = (value: unknown, { logicalId }: Found): boolean => {
  const text = JSON.stringify(value ?? null);
  return text.includes(`"${logicalId}"`) || new RegExp(`ExportsOutput(Ref|FnGetAtt)${logicalId}`).test(text);
};

export interface Item {
  readonly says: string;
  /** What it speaks of: without any of them it would hold over nothing. */
  readonly of: (all: Assembly) => readonly Found[];
  readonly holds: (one: Found, all: Assembly) => boolean;
  /** The ways to break it, each by itself. */
  readonly breaks: readonly ((one: Found, all: Assembly) => Assembly)[];
  /** Behind a switch, as not every region or company has it. */
  readonly isSwitched?: boolean;
}

export type Items = Readonly<Record<string, Item>>;

export const each =
  (...types: readonly string[]) =>
  (all: Assembly): Found[] =>
    all.ofType(...types);

/** Breaks the resource itself. */
export const by =
  (change: (properties: Found['properties'], resource: Draft<Resource>) => void): Item['breaks'][number] =>
  (one, all) =>
    all.changed(one, change);

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

interface Metric {
  readonly MetricName: string;
  readonly Dimensions?: unknown;
}

/** What an alarm looks at, alone or in a formula. */
const metricsOf = ({ properties }: Found): Metric[] =>
  properties.MetricName !== undefined
    ? [properties]
    : (properties.Metrics ?? []).flatMap((metric: { MetricStat?: { Metric: Metric } }) =>
        metric.MetricStat === undefined ? [] : [metric.MetricStat.Metric],
      );

export const watches =
  (metricName: string, of: Found) =>
  (alarm: Found): boolean =>
    alarm.resource.Type === 'AWS::CloudWatch::Alarm' &&
    metricsOf(alarm).some(({ MetricName, Dimensions }) => MetricName === metricName && names(Dimensions, of));

/** Rings, and somebody hears it. */
export const isWatched = (all: Assembly, metricName: string, of: Found): boolean =>
  all.resources.some((alarm) => watches(metricName, of)(alarm) && alarm.properties.AlarmActions?.length > 0);

/** Takes away the alarms on this figure. */
export const unwatched =
  (metricName: string): Item['breaks'][number] =>
  (one, all) =>
    all.without(watches(metricName, one));

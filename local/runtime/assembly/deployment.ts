import { Refusal, messageOf } from '../refusal.ts';
import type { Assembly, Stack } from './assembly.ts';
import { noValue, resolveIn, type Scope } from './intrinsics.ts';
import { type Addresses, isActing, kindOf, type Named, physicalName } from './physical.ts';

/** A resource that acts: its properties are resolved, its name is what the rest of the machine calls it. */
export interface Resource {
  readonly path: string;
  readonly type: string;
  readonly name: string;
  readonly ref: string;
  readonly properties: unknown;
}

export interface Deployment {
  readonly region: string;
  readonly account: string;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
  ofType(...types: string[]): Resource[];
  /** Resources that nothing acts for on this machine, such as policies. */
  passive(...types: string[]): Resource[];
}

class StackScope implements Scope {
  readonly stack: Stack;
  readonly #deploying: Deploying;
  readonly #resolving = new Set<string>();

  constructor(stack: Stack, deploying: Deploying) {
    this.stack = stack;
    this.#deploying = deploying;
  }

  named(id: string): Named {
    const resource = this.stack.template.Resources[id];
    if (resource === undefined) throw new Refusal(`${this.stack.name} refers to ${id}, which it does not have`);
    const { nameProperty } = kindOf(resource.Type);
    const given = nameProperty === undefined ? undefined : this.#once(id, () => this.#property(resource, nameProperty));
    return {
      stack: this.stack,
      id,
      name: physicalName(this.stack, id, resource.Type, given),
      resource,
      property: (name) => this.#once(`${id}.${name}`, () => this.#property(resource, name)),
      addresses: this.#deploying.addresses,
    };
  }

  exists({ Condition: condition }: { Condition?: string }): boolean {
    return condition === undefined || resolveIn({ Condition: condition }, this) === true;
  }

  ref(name: string): unknown {
    const { region, account } = this.stack;
    const pseudo: Record<string, unknown> = {
      'AWS::Region': region,
      'AWS::AccountId': account,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': this.stack.name,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${this.stack.name}/local`,
      'AWS::NoValue': noValue,
    };
    if (Object.hasOwn(pseudo, name)) return pseudo[name];
    if (Object.hasOwn(this.stack.template.Parameters, name)) return this.#parameter(name);
    const named = this.named(name);
    return kindOf(named.resource.Type).ref(named);
  }

  attribute(id: string, attribute: string): string {
    const named = this.named(id);
    const { attributes } = kindOf(named.resource.Type);
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (value === undefined) throw new Refusal(`Fn::GetAtt ${attribute} of ${named.resource.Type} is not supported`);
    return value(named);
  }

  imported(name: string): unknown {
    return this.#deploying.exported(name);
  }

  condition(name: string): unknown {
    if (!Object.hasOwn(this.stack.template.Conditions, name)) throw new Refusal(`there is no condition ${name}`);
    return this.stack.template.Conditions[name];
  }

  mapped(map: string, first: string, second: string): unknown {
    const value = this.stack.template.Mappings[map]?.[first]?.[second];
    if (value === undefined) throw new Refusal(`the mapping ${map} has no ${first}.${second}`);
    return value;
  }

  #parameter(name: string): unknown {
    const { Type, Default } = this.stack.template.Parameters[name] ?? { Type: '' };
    if (Type.startsWith('AWS::SSM::'))
      throw new Refusal(`the parameter ${name} is read from SSM, which is not supported`);
    const value = this.#deploying.parameters[name] ?? Default;
    if (value === undefined)
      throw new Refusal(`the parameter ${name} of ${this.stack.name} has no default and no value was given`);
    const text = String(value);
    return Type.startsWith('List<') || Type === 'CommaDelimitedList'
      ? text.split(',').map((item) => item.trim())
      : text;
  }

  #property(resource: Named['resource'], name: string): unknown {
    const value = resource.Properties[name];
    return value === undefined ? undefined : resolveIn(value, this);
  }

  #once<T>(key: string, resolve: () => T): T {
    if (this.#resolving.has(key)) throw new Refusal(`${this.stack.name}/${key} refers to itself`);
    this.#resolving.add(key);
    try {
      return resolve();
    } finally {
      this.#resolving.delete(key);
    }
  }
}

class Deploying {
  readonly parameters: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  readonly scopes: readonly StackScope[];

  constructor(assembly: Assembly, parameters: Record<string, string>, addresses: Addresses) {
    this.parameters = parameters;
    this.addresses = addresses;
    this.scopes = assembly.stacks.map((stack) => new StackScope(stack, this));
    const known = new Set(assembly.stacks.flatMap(({ template }) => Object.keys(template.Parameters)));
    const unknown = Object.keys(parameters).find((name) => !known.has(name));
    if (unknown !== undefined) throw new Refusal(`no stack has a parameter ${unknown}`);
  }

  exported(name: string): unknown {
    for (const scope of this.scopes) {
      for (const output of Object.values(scope.stack.template.Outputs)) {
        if (output.Export !== undefined && resolveIn(output.Export.Name, scope) === name)
          return resolveIn(output.Value, scope);
      }
    }
    throw new Refusal(`no stack exports ${name}`);
  }

  resources(isWanted: (type: string) => boolean): Resource[] {
    return this.scopes.flatMap((scope) =>
      Object.entries(scope.stack.template.Resources)
        .filter(([, resource]) => {
          kindOf(resource.Type);
          return isWanted(resource.Type) && scope.exists(resource);
        })
        .map(([id, resource]) => this.#resource(scope, id, resource)),
    );
  }

  #resource(scope: StackScope, id: string, resource: Named['resource']): Resource {
    const path = `${scope.stack.name}/${id}`;
    try {
      const { name } = scope.named(id);
      const properties = resolveIn(resource.Properties, scope);
      return { path, type: resource.Type, name, ref: String(scope.ref(id)), properties };
    } catch (error) {
      throw new Refusal(`${path} (${resource.Type}): ${messageOf(error)}`, { cause: error });
    }
  }

  outputs(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const scope of this.scopes) {
      for (const [name, output] of Object.entries(scope.stack.template.Outputs)) {
        if (!scope.exists(output)) continue;
        const value = String(resolveIn(output.Value, scope));
        found[`${scope.stack.name}.${name}`] = value;
        found[name] ??= value;
      }
    }
    return found;
  }
}

/** The URL that AWS gives an HTTP API is built from its id by the CDK; on this machine it is another one. */
const withLocalApis = <T>(value: T, addresses: Addresses): T => {
  const local = (text: string): string =>
    text.replaceAll(/https:\/\/(api[0-9a-f]{7})\.execute-api\.[^./]+\.amazonaws\.com/g, (_, id: string) =>
      addresses.apiOf(id),
    );
  const parsed: T = JSON.parse(local(JSON.stringify(value)));
  return parsed;
};

/** Everything the assembly asks for, with every reference followed. */
export const deploy = (assembly: Assembly, parameters: Record<string, string>, addresses: Addresses): Deployment => {
  const deploying = new Deploying(assembly, parameters, addresses);
  const resources = withLocalApis(deploying.resources(isActing), addresses);
  const { region = 'us-east-1', account = '000000000000' } = assembly.stacks[0] ?? {};
  return {
    region,
    account,
    resources,
    outputs: withLocalApis(deploying.outputs(), addresses),
    ofType: (...types) => resources.filter(({ type }) => types.includes(type)),
    passive: (...types) => deploying.resources((type) => types.includes(type)),
  };
};

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sources = ['{bin,lib,functions}/**/*.ts', 'web/**/*.{ts,css}', 'package-lock.json', 'cdk.json', 'tsconfig.json'];

const digestOfSources = (): string => {
  const hash = createHash('sha256');
  for (const file of globSync(sources, { cwd: root }).toSorted())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
};

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  new Promise<void>((resolve, reject) => {
    let said = '';
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`synthesis failed:\n${said}`))));
  });

/** A platform that was started before the sources changed still loads its functions from the assembly it began with. */
const daysKept = 2;

const removeOld = () => {
  const oldest = Date.now() - daysKept * 86_400_000;
  for (const name of globSync('build/{assembly,new}-*', { cwd: root })) {
    const folder = join(root, name);
    if (statSync(folder).mtimeMs < oldest) rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * The cloud assembly of the sources as they are: the very one that would be deployed, without CloudFormation's own
 * validation, which `npm run synth` does. Made once for each state of the sources.
 */
export const synthesize = async (): Promise<string> => {
  const assembly = join(root, 'build', `assembly-${digestOfSources()}`);
  if (existsSync(join(assembly, 'manifest.json'))) return assembly;
  removeOld();
  mkdirSync(join(root, 'build'), { recursive: true });
  const output = mkdtempSync(join(root, 'build', 'new-'));
  const bundles = mkdtempSync(join(root, 'build', 'new-'));
  await run(process.execPath, ['bin/suanpan.ts'], {
    CDK_OUTDIR: output,
    CDK_VALIDATION: 'false',
    BUNDLES_FOLDER: bundles,
  });
  rmSync(bundles, { recursive: true, force: true });
  try {
    renameSync(output, assembly);
  } catch (error) {
    // Somebody else was making the same one at the same time, and was first.
    if (!existsSync(join(assembly, 'manifest.json'))) throw error;
    rmSync(output, { recursive: true, force: true });
  }
  return assembly;
};

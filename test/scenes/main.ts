/**
 * `npm run scene`: plays scenes by name, and prints the result of each step.
 *
 *     npm run scene                     lists them
 *     npm run scene -- sharing          those with this in their name
 *
 * Scenes with machines run in the lab that `npm run lab` keeps.
 */
import { preparePrograms } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { ApiStage } from './support/api-stage.ts';
import { LabStage } from './support/lab-stage.ts';
import { playScene } from './support/run-scene.ts';
import { readScenes, type Scene } from './support/scene-file.ts';
import type { Stage } from './support/stage.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);

async function main(patterns: readonly string[]): Promise<number> {
  const all = readScenes();
  if (patterns.length === 0) {
    for (const { name, scene, where } of all) print(`${name.padEnd(40)} ${where}  ${scene}`);
    return 0;
  }
  const chosen = all.filter(({ name }) => patterns.some((pattern) => name.includes(pattern)));
  if (chosen.length === 0)
    throw new Error(`Cannot find a scene named ${patterns.join(' or ')}: npm run scene lists them`);
  process.env.SKYCAP_LAB_BIN = await preparePrograms(consoleProgress());
  let failed = 0;
  for (const where of ['api', 'lab'] as const) {
    const scenes = chosen.filter((scene) => scene.where === where);
    if (scenes.length === 0) continue;
    const stage = where === 'api' ? await ApiStage.open() : await LabStage.attach();
    try {
      for (const scene of scenes) if (!(await isPlayed(stage, scene))) failed += 1;
    } finally {
      await stage.dispose();
    }
  }
  print(`${chosen.length - failed} of ${chosen.length} scenes as written`);
  return failed === 0 ? 0 : 1;
}

async function isPlayed(stage: Stage, scene: Scene): Promise<boolean> {
  print(`\n${scene.name}: ${scene.scene}`);
  const startedMs = performance.now();
  const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(1);
  try {
    await playScene({ stage, scene, onStep: (text) => print(`  ${seconds()} s  ${text}`) });
    print(`  ${seconds()} s  as written`);
    return true;
  } catch (error) {
    print(`  ${seconds()} s  NOT as written: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

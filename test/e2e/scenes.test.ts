/** Every scene with machines, in the lab of the run. */
import { LabStage } from '../scenes/support/lab-stage.ts';
import { playScene } from '../scenes/support/run-scene.ts';
import { readScenes } from '../scenes/support/scene-file.ts';

const SCENE_DEADLINE_MS = 240_000;

const scenes = readScenes().filter(({ where }) => where === 'lab');
let stage: LabStage;

beforeAll(async () => {
  stage = await LabStage.attach();
});

afterAll(() => stage?.dispose());

test.each(scenes.map((scene) => [scene.name, scene] as const))(
  '%s',
  (_, scene) => playScene({ stage, scene }),
  SCENE_DEADLINE_MS,
);

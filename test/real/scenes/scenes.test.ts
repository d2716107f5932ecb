/** Every scene that needs no machine, on real API servers with webhook and allocator, two at a time. */
import { ApiStage } from '../../scenes/support/api-stage.ts';
import { playScene } from '../../scenes/support/run-scene.ts';
import { readScenes } from '../../scenes/support/scene-file.ts';

const SCENE_DEADLINE_MS = 180_000;

const scenes = readScenes().filter(({ where }) => where === 'api');
/** Stages that no scene is played on just now; there are never more than jest plays scenes at a time. */
const free: ApiStage[] = [];
const opened: ApiStage[] = [];

afterAll(async () => {
  await Promise.all(opened.map((stage) => stage.dispose()));
});

test.concurrent.each(scenes.map((scene) => [scene.name, scene] as const))(
  '%s',
  async (_, scene) => {
    const stage = free.pop() ?? (await openStage());
    await playScene({ stage, scene });
    // One on which a scene has failed is in an unknown state, and is not used again.
    free.push(stage);
  },
  SCENE_DEADLINE_MS,
);

async function openStage(): Promise<ApiStage> {
  const stage = await ApiStage.open();
  opened.push(stage);
  return stage;
}

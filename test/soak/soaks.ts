/** The soaks there are. */
import { framesSoak } from './frames.ts';
import { memorySoak } from './memory.ts';
import { modelSoak } from './model.ts';
import { restSoak } from './rest.ts';
import type { Soak } from './soak.ts';

export const SOAKS: readonly Soak[] = [modelSoak, memorySoak, framesSoak, restSoak];

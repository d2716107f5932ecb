/** The soaks there are. */
import { modelSoak } from './model.ts';
import type { Soak } from './soak.ts';

export const SOAKS: readonly Soak[] = [modelSoak];

/** Whether Skycap has a word on a Service: its condition stands there from the first look to the last. */
import { ADDRESS_ASSIGNED_CONDITION } from '../keys.ts';
import type { Service } from './service.ts';

export function hasOurCondition({ status }: Pick<Service, 'status'>): boolean {
  return status?.conditions?.some(({ type }) => type === ADDRESS_ASSIGNED_CONDITION) === true;
}

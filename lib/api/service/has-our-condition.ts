/** Whether a Service has Skycap's condition, which every Service of Skycap's has from the first reconcile on. */
import { ADDRESS_ASSIGNED_CONDITION } from '../keys.ts';
import type { Service } from './service.ts';

export function hasOurCondition({ status }: Pick<Service, 'status'>): boolean {
  return status?.conditions?.some(({ type }) => type === ADDRESS_ASSIGNED_CONDITION) === true;
}

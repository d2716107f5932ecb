import { findTarget } from '../../../cli/commands/explain/target.ts';
import type { Session } from '../../../cli/session/session.ts';

test.each(['', 'bgppeer/', '/web', 'service/shop/'])('%j lacks a name, and no request is sent', async (text) => {
  await expect(findTarget({ namespace: 'shop' } as Session, text)).rejects.toThrow(`Cannot explain "${text}"`);
});

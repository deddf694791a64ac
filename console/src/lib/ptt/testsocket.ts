/** The socket of a link's test transmissions, in a worker of its own. */

import { socketUrl } from '../api/client';
import type { FromWorker, ToWorker } from './protocol';

export interface TestParts {
  send(message: ToWorker): void;
  close(): void;
}

export const testUrl = (link: string): string => socketUrl(`/links/${encodeURIComponent(link)}/test`);

export function testWorker(tell: (message: FromWorker) => void): TestParts {
  const made = new Worker(new URL('./ptt.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = (message: MessageEvent<FromWorker>) => tell(message.data);
  return {
    send: (message) => made.postMessage(message),
    close: () => setTimeout(() => made.terminate(), 500), // its last words still have to leave
  };
}

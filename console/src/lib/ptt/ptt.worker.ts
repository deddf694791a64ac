import { PttLink } from './link';
import type { ToWorker } from './protocol';

const link = new PttLink((message) => postMessage(message));
onmessage = (message: MessageEvent<ToWorker>) => link.take(message.data);

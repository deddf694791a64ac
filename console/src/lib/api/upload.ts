/** Sends a file of many megabytes: how far it is sent is told, and it can be ended. */

import { api, RequestFailed } from './client';

const BASE = '/api/v1';

export interface Sent {
  /** Told the share that is sent, 0 to 1. */
  onsent: (share: number) => void;
  signal: AbortSignal;
}

export function sendForm<T>(where: string, form: FormData, { onsent, signal }: Sent): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', BASE + where);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('x-samband-csrf', api.csrf);
    const purpose = api.purpose();
    if (purpose) request.setRequestHeader('x-samband-purpose', purpose);
    request.upload.onprogress = (event) => onsent(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      if (request.status === 200) {
        resolve(JSON.parse(request.responseText) as T);
        return;
      }
      const answer = new Response(request.responseText, { status: Math.max(400, request.status) });
      void api.failed(answer).then(reject);
    };
    request.onerror = () => reject(new RequestFailed(0, 'The server does not answer', 'check the network', 0));
    request.onabort = () => reject(new RequestFailed(0, 'Ended; nothing was changed', '', 0));
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}

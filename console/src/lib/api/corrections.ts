/** Requests of persons to have a record corrected. Times are µs UTC. */

import { api, path } from './client';

export type CorrectionKind = 'rectify' | 'complete' | 'restrict';
export type CorrectedType = 'call' | 'message' | 'media' | 'incident';

export interface CorrectionHead {
  id: string;
  kind: CorrectionKind;
  ref: string;
  type: CorrectedType;
  object: string;
  received_utc: number;
  due_utc: number;
  state: 'open' | 'granted' | 'refused';
  made_name: string;
  decided_name: string;
  decided_utc: number | null;
  entry_seq: number | null;
  erased_utc: number | null;
}

export interface WholeCorrection extends CorrectionHead {
  statement: string;
  note: string;
  reason: string;
  /** What the record says in words; null when it was erased. */
  record: { t_utc: number; where: string; units: string[]; texts: string[] } | null;
  given_to: { package: string; recipient: string; country: string; t_utc: number }[];
}

export interface NewCorrection {
  kind: CorrectionKind;
  ref: string;
  type: CorrectedType;
  object: string;
  received_utc: number;
  statement: string;
}

export const correctionsApi = {
  all: (): Promise<CorrectionHead[]> => api.get('/corrections'),
  one: (id: string): Promise<WholeCorrection> => api.get(path`/corrections/${id}`),
  enter: (body: NewCorrection): Promise<CorrectionHead> => api.post('/corrections', body),
  decide: (id: string, grant: boolean, words: string): Promise<WholeCorrection> =>
    api.post(path`/corrections/${id}/decide`, { grant, words }),
};

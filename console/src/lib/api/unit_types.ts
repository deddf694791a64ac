/** Units as the server tells them. Times are µs UTC. */

export interface UnitStatus {
  value: number;
  digit: string;
  words: string;
  kind: string;
  t_utc: number;
}

export interface UnitPosition {
  latitude_deg: number;
  longitude_deg: number;
  error_m: number | null;
  age_s: number | null;
  t_utc: number;
}

export interface UnitInfo {
  id: string;
  number: number;
  alias: string;
  kind: string;
  agency_kind: string;
  talkgroup: string | null;
  status: UnitStatus | null;
  position: UnitPosition | null;
  last_heard_utc: number | null;
  /** Since when its radio is out of service, as it confirmed. */
  inhibited_utc?: number | null;
}

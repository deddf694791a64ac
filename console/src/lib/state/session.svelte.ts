/** Who is signed in, at which position, and what they may do. */

import { api, RequestFailed, sentence } from '../api/client';
import type { Handover, PositionInfo, SessionInfo, User } from '../api/types';

export type Phase = 'loading' | 'signed_out' | 'invited' | 'no_position' | 'ready';

export class Session {
  phase: Phase = $state('loading');
  room = $state('');
  user: User | null = $state(null);
  permissions: string[] = $state([]);
  position: string | null = $state(null);
  positions: PositionInfo[] = $state([]);
  handover: Handover | null = $state(null);
  trouble = $state('');
  /** Monotonic ms until which the next try waits. */
  waitUntil = $state(0);
  onReady: () => void = () => {};
  onOver: () => void = () => {};

  can(permission: string): boolean {
    return this.permissions.includes(permission);
  }

  /** A desk: may sit down at a position. */
  get desk(): boolean {
    return this.can('position.take');
  }

  async start(): Promise<void> {
    api.onSignedOut = () => this.over();
    try {
      this.room = (await api.room()).room;
    } catch (error) {
      this.trouble = sentence(error);
    }
    try {
      await this.#accept(await api.session());
    } catch {
      this.phase = 'signed_out';
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    this.trouble = '';
    try {
      await this.#accept(await api.signIn(name, password));
    } catch (error) {
      this.trouble = sentence(error);
      if (error instanceof RequestFailed && error.waitS > 0) {
        this.waitUntil = performance.now() + error.waitS * 1000;
      }
    }
  }

  async #accept(info: SessionInfo): Promise<void> {
    api.csrf = info.csrf;
    this.user = info.user;
    this.permissions = info.permissions;
    this.trouble = '';
    if (!this.desk) {
      this.phase = 'ready';
      this.onReady();
      return;
    }
    await this.loadPositions();
    const mine = this.positions.find((one) => one.you);
    if (mine) {
      this.position = mine.id;
      this.phase = 'ready';
      this.onReady();
    } else this.phase = 'no_position';
  }

  async loadPositions(): Promise<void> {
    this.positions = await api.positions();
  }

  async take(id: string, takeOver: boolean): Promise<void> {
    this.trouble = '';
    try {
      const answer = await api.take(id, takeOver);
      this.position = answer.position;
      this.handover = answer.handover;
      this.phase = 'ready';
      this.onReady();
    } catch (error) {
      this.trouble = sentence(error);
      await this.loadPositions().catch(() => undefined);
    }
  }

  /** Give the position back with a word for the next operator. */
  async leave(text: string): Promise<void> {
    await api.leave(text);
    this.onOver();
    this.position = null;
    this.handover = null;
    await this.loadPositions();
    this.phase = 'no_position';
  }

  async signOut(): Promise<void> {
    await api.signOut().catch(() => undefined);
    this.over();
  }

  /** The position went to somebody else, or the session is over. */
  lostPosition(words: string): void {
    this.onOver();
    this.position = null;
    this.trouble = words;
    this.phase = 'no_position';
    void this.loadPositions().catch(() => undefined);
  }

  over(): void {
    if (this.phase === 'signed_out') return;
    this.onOver();
    this.user = null;
    this.permissions = [];
    this.position = null;
    this.handover = null;
    this.phase = 'signed_out';
  }
}

/** Which dialog is open; one at a time. */

export type DialogName =
  | 'sound'
  | 'keys'
  | 'leave'
  | 'note'
  | 'message'
  | 'messages'
  | 'alarm'
  | 'incident'
  | 'merge'
  | 'mix'
  | 'split'
  | 'reason'
  | 'changes'
  | 'command'
  | 'dial'
  | 'glass'
  | 'patch'
  | 'unit';

class Ui {
  dialog: DialogName | null = $state(null);
  /** What the dialog is about: an alarm, a call, a unit or talkgroup. */
  about = $state('');
  aboutTalkgroup = $state(false);
  /** Focused tile: what F3, M, R and Enter work on. */
  focused: string | null = $state(null);

  /** A page of recordings takes J, K and L for itself while it is open. */
  replayKeys: ((step: 'back' | 'play' | 'forward') => void) | null = null;

  open(name: DialogName, about = '', aboutTalkgroup = false): void {
    this.about = about;
    this.aboutTalkgroup = aboutTalkgroup;
    this.dialog = name;
  }

  close(): void {
    this.dialog = null;
  }
}

export const ui = new Ui();

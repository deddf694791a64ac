/** Made by scripts/generate-client; do not edit. From docs/events.schema.json. */

export interface Events {
  /** Rights changed for these users; each page gets a new snapshot, tracks are dropped at once. */
  'access.changed': {
    users: string[];
    reason?: string;
  };
  /** A person has seen it. ``way``: sent, confirmed, not_sent, not_possible (to the radio). */
  'alarm.acknowledged': {
    alarm: string;
    operator: string;
    position: string | null;
    way: string;
    reason?: string;
  };
  /** What became of the acknowledgement on its way to the radio: ``confirmed`` or ``not_sent``. */
  'alarm.answered': {
    alarm: string;
    way: string;
    reason?: string;
  };
  /** ``reason``: handled, accidental_press, no_cause_found, duplicate. */
  'alarm.ended': {
    alarm: string;
    operator: string;
    reason: string;
  };
  /** Nobody acknowledged in time. ``step``: supervisor, everyone, sounder. */
  'alarm.escalated': {
    alarm: string;
    step: string;
  };
  /** The alarm's link was lost or came back while the alarm is open; the banner stays. */
  'alarm.link_changed': {
    alarm: string;
    lost: boolean;
    last_heard_utc: number;
  };
  /** An emergency, new or raised anew (``again``) by a new sign after acknowledgement. ``exercise`` was marked beforehand, or a simulated terminal gave it on a test talkgroup. ``no_exercise``: a real one on a test talkgroup. */
  'alarm.raised': {
    alarm: string;
    unit: string | null;
    alias: string;
    talkgroup: string | null;
    link: string;
    sign: string;
    call?: string | null;
    again?: boolean;
    exercise?: boolean;
    no_exercise?: boolean;
    t_sign_utc?: number;
    late?: boolean;
    latitude_deg?: number | null;
    longitude_deg?: number | null;
    error_m?: number | null;
  };
  /** Rendered on at least one position that is listening. */
  'alarm.shown': {
    alarm: string;
    position: string;
  };
  /** Somebody asks for a second person; whoever has ``permission`` may agree. */
  'approval.asked': {
    approval: string;
    approval_kind: string;
    words: string;
    asked_by: string;
    asked_name: string;
    permission: string;
    expires_utc: number;
  };
  /** A request is agreed, refused, withdrawn or expired (``state``). */
  'approval.decided': {
    approval: string;
    approval_kind: string;
    state: string;
    asked_by: string;
    permission: string;
    by?: string;
  };
  /** The conversation is over. ``cause`` in words. */
  'call.ended': {
    call: string;
    talkgroup: string;
    cause: string;
    code?: number | null;
    interrupted?: boolean;
  };
  /** A person wrote a note on a call. */
  'call.noted': {
    call: string;
    talkgroup: string;
    note: string;
    text: string;
    operator: string;
  };
  /** A conversation begins; ``call_seq`` counts without gaps per gateway. ``exercise``: it is on a test talkgroup, and no real emergency. */
  'call.started': {
    call: string;
    call_seq: number;
    talkgroup: string;
    link: string;
    caller?: string | null;
    priority?: number;
    emergency?: boolean;
    encrypted?: boolean;
    late_entry?: boolean;
    plan?: number;
    exercise?: boolean;
  };
  /** The call turned into an emergency or changed its priority in mid-call. */
  'call.updated': {
    call: string;
    talkgroup: string;
    emergency: boolean;
    priority: number;
    exercise?: boolean;
  };
  /** Room on the disk of the state folder. ``step``: ok, warn (10 %), stop (2 %: no new media). */
  'disk.low': {
    step: string;
    free_percent: number;
    free_bytes: number;
  };
  /** A package was built, decided, handed out or erased (``state``). */
  'evidence.changed': {
    package: string;
    state: string;
  };
  /** Somebody had more than 500 MB packed: an alert for those who watch over look-ups. */
  'evidence.large': {
    package: string;
    size_bytes: number;
    asked_by: string;
  };
  /** Released; what is left in the press buffer is still being sent. */
  'floor.ending': {
    request: string;
    position: string;
    talkgroup: string;
    left_ms: number;
  };
  /** On air. */
  'floor.granted': {
    request: string;
    position: string;
    talkgroup: string;
    transmission: string;
    wait_ms: number;
  };
  /** Cut off after time on air: lease, preempted, moved, limit, link_lost, revoked, socket. ``grant_ms`` and ``first_ms`` as in ``floor.released``. */
  'floor.lost': {
    request: string;
    position: string;
    talkgroup: string;
    cause: string;
    reason: string;
    on_air_ms: number;
    grant_ms?: number | null;
    first_ms?: number | null;
  };
  /** Waiting for a channel or for a colleague; ``place`` only where the link tells it. */
  'floor.queued': {
    request: string;
    position: string;
    talkgroup: string;
    place?: number | null;
  };
  /** Refused before time on air. ``not_sent``: nothing was keyed; ``reason`` in words or empty. */
  'floor.refused': {
    request: string;
    position: string;
    talkgroup: string;
    reason: string;
    not_sent?: boolean;
    discarded_ms?: number;
  };
  /** Un-keyed after a normal release or a withdrawn request; the times between in ms. ``grant_ms`` and ``first_ms`` count from the press to the grant and to the first block of the desk's microphone that went to the radio; ``unkey_ms`` from the release to the un-key. */
  'floor.released': {
    request: string;
    position: string;
    talkgroup: string;
    cause: string;
    grant_ms?: number | null;
    on_air_ms?: number;
    discarded_ms?: number;
    first_ms?: number | null;
    unkey_ms?: number | null;
  };
  /** A position pressed. ``source``: key, button, pedal, latch, test. ``test_link``: set for a test transmission, which no position makes; ``test_sound`` then is ``tone`` or ``microphone``. */
  'floor.requested': {
    request: string;
    position: string;
    operator: string;
    talkgroup: string;
    priority?: number;
    source?: string;
    test_link?: string | null;
    test_sound?: string;
  };
  /** On air without microphone sound for a second (``silent``), or it comes again. */
  'floor.unheard': {
    request: string;
    position: string;
    talkgroup: string;
    silent: boolean;
  };
  /** Somebody took an extra right in need; supervisors are told at once. */
  'glass.broken': {
    glass: string;
    user: string;
    operator: string;
    scope_kind: string;
    scope: string;
    words: string;
    until_utc: number;
  };
  /** Two incidents were one: ``incident`` went into ``into``. ``undone``: it was not so. */
  'incident.merged': {
    incident: string;
    into: string;
    camera_group?: string;
    by?: string;
    undone?: boolean;
    talkgroups?: string[];
  };
  /** A camera, or a person, opened an incident. Calls that belong to it are asked for apart. */
  'incident.opened': {
    incident: string;
    label: string;
    title: string;
    kind: string;
    severity: string;
    opened_utc: number;
    camera?: string;
    camera_group?: string;
    place?: string;
    talkgroup?: string | null;
    talkgroups?: string[];
    state?: string;
    priority?: number;
    owner?: string;
    exercise?: boolean;
    events?: number;
    source?: string;
    storm?: boolean;
    latitude_deg?: number | null;
    longitude_deg?: number | null;
    t_event_utc?: number;
  };
  /** A part of ``incident`` became ``into``, which is told of by ``incident.opened`` too. */
  'incident.split': {
    incident: string;
    into: string;
    camera_group?: string;
    by?: string;
    talkgroups?: string[];
  };
  /** Something of it changed; ``what`` names it: events, suggestion, call, note and so on. */
  'incident.updated': {
    incident: string;
    what: string;
    state?: string;
    title?: string;
    severity?: string;
    camera_group?: string;
    events?: number;
    by?: string;
    label?: string;
    storm_events?: number;
    last_event_utc?: number;
    suggested?: number;
    talkgroups?: string[];
    priority?: number;
    owner?: string;
    exercise?: boolean;
  };
  /** A position took a ringing call; it stops ringing everywhere else. */
  'individual.answered': {
    call: string;
    position: string;
    operator: string;
    waited_ms: number;
  };
  /** Both ends are there. */
  'individual.connected': {
    call: string;
    duplex?: boolean;
    encrypted?: boolean;
  };
  /** A position does not want it: it stops ringing there. */
  'individual.declined': {
    call: string;
    position: string;
    operator: string;
    rings_at: string[];
  };
  /** A position calls somebody; whether it is recorded is decided before. */
  'individual.dialled': {
    call: string;
    call_seq: number;
    line: string;
    link: string;
    kind: string;
    position: string;
    operator: string;
    called?: string | null;
    digits?: string;
    alias?: string;
    duplex?: boolean;
    emergency?: boolean;
    recorded?: boolean;
    why?: string;
    protected?: boolean;
    retention?: string;
    plan?: number;
  };
  /** Over. ``outcome``: talked, missed, declined, not_reached, cancelled; ``cause`` in words. */
  'individual.ended': {
    call: string;
    outcome: string;
    cause: string;
    code?: number | null;
    talked_ms?: number;
    interrupted?: boolean;
  };
  /** Nobody answered before the caller gave up, or the time to ring was over. */
  'individual.missed': {
    call: string;
    waited_ms: number;
    reason?: string;
  };
  /** It rings at other positions now: the next of the rule, or fewer after a decline. */
  'individual.passed_on': {
    call: string;
    rings_at: string[];
  };
  /** A call that we dialled is under way: dialling, queued or ringing. */
  'individual.progressed': {
    call: string;
    progress: string;
  };
  /** Somebody calls: it rings at ``rings_at``, and whether it is recorded is decided. ``direct``: the radio has taken it already (direct set-up); it waits to be picked up. */
  'individual.ringing': {
    call: string;
    call_seq: number;
    line: string;
    link: string;
    kind: string;
    caller?: string | null;
    digits?: string;
    alias?: string;
    duplex?: boolean;
    direct?: boolean;
    emergency?: boolean;
    priority?: number;
    queue_priority?: number;
    encrypted?: boolean;
    recorded?: boolean;
    why?: string;
    protected?: boolean;
    retention?: string;
    rule?: string;
    rings_at?: string[];
    plan?: number;
  };
  /** Who talks in a simplex call: them, us, or nobody (empty). */
  'individual.talker_changed': {
    call: string;
    talker: string;
  };
  /** Health, identity or registration of a link. */
  'link.changed': {
    link: string;
    state: string;
    reason?: string;
    model?: string;
    firmware?: string;
    own_number?: number | null;
    mode?: string;
    registered?: boolean | null;
    signal_dbm?: number | null;
    speed_bps?: number | null;
    capabilities?: string[];
    since_utc?: number;
  };
  /** The radio's selected group; ``asked`` False when somebody turned the knob. */
  'link.group_changed': {
    link: string;
    number: number | null;
    talkgroup: string | null;
    scanned?: number[];
    asked?: boolean;
  };
  /** The groups in a radio: ``static`` programmed, ``dynamic`` given over the air (DGNA). */
  'link.groups_known': {
    link: string;
    static?: ({
      number: number;
      name?: string;
    })[];
    dynamic?: ({
      number: number;
      name?: string;
    })[];
  };
  /** One protocol line, for engineers only. */
  'link.line_seen': {
    link: string;
    outgoing: boolean;
    raw: string;
    words: string;
    malformed?: boolean;
  };
  /** Whether the audit log can be written. */
  'log.state': {
    writable: boolean;
    reason?: string;
  };
  /** A person read a text. */
  'message.opened': {
    message: string;
    operator: string;
  };
  /** One claim about a message: accepted, sent, delivered, read, failed or unknown. Each of the first four is known by itself, or not; they may come in any order. The same state again tells a new ``reason`` alone. */
  'message.progressed': {
    message: string;
    state: string;
    reason?: string;
  };
  /** What a desk sends waits for the radio. ``kind``: text, status, position_request, call_alert, status_query, status_update, radio_check, inhibit, uninhibit. */
  'message.queued': {
    message: string;
    link: string;
    to: string;
    talkgroup: string | null;
    text: string;
    operator: string;
    kind?: string;
    value?: number | null;
    immediate?: boolean;
  };
  /** A text from a unit, or data that nobody here reads (``kind`` data, ``text`` says so). ``written`` is the sender's own time, without Z where it is local to its network. ``kind`` call_alert: the sender asks to be called back. */
  'message.received': {
    message: string;
    link: string;
    sender: string | null;
    to: number | null;
    talkgroup: string | null;
    text: string;
    coding?: string;
    guessed?: boolean;
    immediate?: boolean;
    raw_hex?: string;
    kind?: string;
    pid?: number | null;
    written?: string;
    parts?: number;
    parts_missing?: number;
    opta?: string;
    itsi?: string;
  };
  /** A call is on a member of a patch: calls with the same patch belong together. */
  'patch.call_joined': {
    patch: string;
    label: string;
    call: string;
    talkgroup: string;
  };
  /** Members, name or end of a patch changed; ``why`` in words. */
  'patch.changed': {
    patch: string;
    label: string;
    name: string;
    members: string[];
    until_utc?: number | null;
    mixed?: boolean;
    operator?: string;
    why?: string;
    hidden?: number;
  };
  /** A patch stands no more. ``cause``: dropped, expired, plan, loop or fault. */
  'patch.ended': {
    patch: string;
    label: string;
    members: string[];
    cause: string;
    operator?: string;
    reason?: string;
  };
  /** Talkgroups are joined. ``from_plan``: the plan has it so; nobody owns it. */
  'patch.made': {
    patch: string;
    label: string;
    name: string;
    members: string[];
    owner?: string;
    owner_id?: string;
    position?: string | null;
    reason?: string;
    since_utc?: number;
    until_utc?: number | null;
    mixed?: boolean;
    from_plan?: boolean;
    restored?: boolean;
    hidden?: number;
  };
  /** Whether a member can be keyed now; ``reason`` says why not. */
  'patch.member_changed': {
    patch: string;
    talkgroup: string;
    ready: boolean;
    reason?: string;
  };
  /** A person agreed to talk on a patch of encrypted and unencrypted talkgroups, for a shift. */
  'patch.mix_confirmed': {
    patch: string;
    label: string;
    user: string;
    until_utc: number;
  };
  /** An over is not passed on to a member, or only from later on; ``reason`` says why. */
  'patch.skipped': {
    patch: string;
    label: string;
    source: string;
    talkgroup: string;
    reason: string;
  };
  /** A patch of the plan is not made now; empty ``reason``: it waits no more. */
  'patch.waits': {
    label: string;
    name: string;
    members: string[];
    reason?: string;
  };
  /** Another plan is live. */
  'plan.activated': {
    plan: number;
    name: string;
    operator?: string;
  };
  /** Somebody at a position has seen what changed for it, up to this notice. */
  'plan.notice_seen': {
    position: string;
    notice: number;
    operator?: string;
  };
  /** Something changed for these positions with the plan that is live now; each can ask what. */
  'plan.noticed': {
    plan: number;
    previous: number;
    positions: string[];
  };
  /** A plan will be activated; ``waits_for`` says what it waits for beside its time. */
  'plan.scheduled': {
    draft: string;
    at_utc: number;
    state: string;
    waits_for?: string;
    operator?: string;
  };
  /** A plan on trial was kept, or the former one returned; ``why`` says it in words. */
  'plan.settled': {
    plan: number;
    state: string;
    why?: string;
    operator?: string;
  };
  /** A plan is live on trial: without *Keep* the former one returns at ``keep_until_utc``. */
  'plan.trial': {
    plan: number;
    previous: number;
    keep_until_utc: number;
    operator?: string;
  };
  /** What of the live plan waits until it is released; empty: nothing any more. */
  'plan.waits': {
    plan: number;
    waits?: string[];
  };
  /** An operator left a position. ``cause``: left, taken_over, signed_out, revoked, expired. */
  'position.left': {
    position: string;
    user: string;
    operator: string;
    cause?: string;
  };
  /** Whether the desk has sound: its page reports a running, advancing sink every 2 s. */
  'position.listening': {
    position: string;
    listening: boolean;
  };
  /** An operator sat down at a position. */
  'position.taken': {
    position: string;
    user: string;
    operator: string;
    taken_over_from?: string;
  };
  /** The sound of a transmission is on disk, hashed. ``late`` after a crash or from a spool. ``copy_of`` names the over where this is what a further ``link`` heard of it. */
  'recording.closed': {
    transmission: string;
    call: string;
    talkgroup: string;
    files: ({
      kind: string;
      sha256: string;
      size_bytes: number;
      name: string;
    })[];
    duration_ms: number;
    started_utc: number;
    late?: boolean;
    interrupted?: boolean;
    link?: string | null;
    copy_of?: string | null;
  };
  /** A transmission could not be recorded (disk full, fault): NOT RECORDED on the tile. */
  'recording.failed': {
    transmission: string;
    talkgroup: string;
    reason: string;
  };
  /** A task for the review queue: a sampled look, an alert, a broken glass. */
  'review.added': {
    review: string;
    review_kind: string;
    rule: string;
    words: string;
    audience: string;
    user: string;
    due_utc: number;
  };
  /** How long sound took through a gateway and how loud it was, over about two seconds. ``way`` is receive or transmit; ``position`` says whose microphone it was. ``stages`` has a histogram for each stage that was measured (``gateway.model.spread``): receive ``link`` (card to port), ``held`` (put in order, waited for the talker), ``level``, ``opus``, ``gateway`` (capture to packet); transmit ``order`` (packet in to engine), ``press`` (press buffer), ``level``, ``card`` (what waits before the sound card), ``gateway`` (packet in to link). ``port`` is the kind of the sound address, empty where the link has none. */
  'sound.measured': {
    link: string;
    way: string;
    position?: string | null;
    frames: number;
    lost?: number;
    late?: number;
    dry?: number;
    stages?: Record<string, unknown>;
    level_in?: {
      blocks: number;
      rms_dbfs: number;
      peak_dbfs: number;
    } | null;
    level_out?: {
      blocks: number;
      rms_dbfs: number;
      peak_dbfs: number;
    } | null;
    gain_db?: number | null;
    limited?: number;
    port?: string;
  };
  /** Health of a camera source, or of one ``camera``: up, down, silent, flooding. */
  'source.changed': {
    source: string;
    state: string;
    reason?: string;
    camera_group?: string;
    camera?: string;
    skew_ms?: number | null;
  };
  /** The over ended. ``cause``: ended, cut, lost, preempted, moved, limit, interrupted. ``bit_error_rate``: share of wrong bits in what was received, 0 to 1; None where it is unknown. */
  'transmission.ended': {
    transmission: string;
    call: string;
    talkgroup: string;
    duration_ms: number;
    cause: string;
    emergency?: boolean;
    lost_frames?: number;
    bit_error_rate?: number | null;
  };
  /** How well the running over is received: share of wrong bits until now, 0 to 1. */
  'transmission.measured': {
    transmission: string;
    talkgroup: string;
    bit_error_rate: number;
  };
  /** One over begins. A desk's own has ``position`` and ``operator`` instead of ``talker``. ``algorithm`` and ``key_id``: of the encryption, where the link tells them (P25). What a patch passes on names the ``source`` over; ``alias``, or ``position``, then says who is heard. */
  'transmission.started': {
    transmission: string;
    call: string;
    talkgroup: string;
    link: string;
    talker?: string | null;
    alias?: string;
    position?: string | null;
    operator?: string;
    priority?: number;
    emergency?: boolean;
    encrypted?: boolean;
    readable?: boolean;
    late_entry?: boolean;
    algorithm?: number | null;
    key_id?: number | null;
    exercise?: boolean;
    patch?: string | null;
    patch_label?: string;
    source?: string | null;
  };
  /** Talker or encryption became known, or an emergency began in mid-transmission. */
  'transmission.updated': {
    transmission: string;
    call: string;
    talkgroup: string;
    talker: string | null;
    alias: string;
    emergency: boolean;
    encrypted?: boolean;
    readable?: boolean;
    algorithm?: number | null;
    key_id?: number | null;
    exercise?: boolean;
  };
  /** A unit's place. ``error_m`` upper limit of its class; ``age_s`` of the fix when sent. */
  'unit.positioned': {
    unit: string;
    link: string;
    latitude_deg: number;
    longitude_deg: number;
    error_m?: number | null;
    age_s?: number | null;
    speed_kmh?: number | null;
    direction_deg?: number | null;
    altitude_m?: number | null;
    reason?: number | null;
  };
  /** A unit sent a status; words and digit come from the plan's table. */
  'unit.status_set': {
    unit: string;
    link: string;
    value: number;
    digit?: string;
    words?: string;
    kind?: string;
    to?: number | null;
  };
  /** A person's view of a camera was ended; ``reason`` is for that person. */
  'view.ended': {
    view: string;
    camera: string;
    user: string;
    reason: string;
  };
}

export type EventType = keyof Events;

// Templates of the formats that are one JSON object a line, or one entry of Fluent's Forward protocol: parts in the order
// of the line, made from accept.avsc and mapping.json. filter-core/assembly/template.ts writes them.

/** Kinds of parts, and the most bytes that a value of the kind adds to those of its texts. */
export const KINDS = {
  LITERAL: 0,
  CLOSE: 0,
  INTEGER: 20,
  TEXT: 2,
  BOOLEAN: 5,
  INSTANT: 29,
  MILLISECONDS: 20,
  NANOSECONDS: 20,
  ADDRESS: 2,
  ADDRESSES: 87,
  IP: 42,
  NO_IP: 2,
  PORT: 20,
  LONE_PORT: 20,
  COMPANION: 0,
  FAMILY: 1,
  EVENT_UID: 44,
  LOCALITY: 1,
  EVENT_TIME: 8,
  PACKED_INTEGER: 9,
  PACKED_TEXT: 5,
  PACKED_BOOLEAN: 1,
};

/** Bytes that one byte of a text may become: \u00XX. */
const ESCAPED = 6;

/** How a value is written: the part's kind, and what stands around it. `digits`: for what is local, and what not. */
const FORMS = {
  integer: { kind: 'INTEGER' },
  digits: { kind: 'INTEGER', before: '"', after: '"' },
  text: { kind: 'TEXT' },
  list: { kind: 'TEXT', before: '[', after: ']' },
  boolean: { kind: 'BOOLEAN' },
  instant: { kind: 'INSTANT' },
  milliseconds: { kind: 'MILLISECONDS' },
  address: { kind: 'ADDRESS' },
  ip: { kind: 'IP' },
  no_ip: { kind: 'NO_IP', isBehind: true },
  port: { kind: 'PORT' },
  lone_port: { kind: 'LONE_PORT', isBehind: true },
  addresses: { kind: 'ADDRESSES', field: 'remote_address' },
  ip_version: { kind: 'FAMILY' },
  ip_name: { kind: 'FAMILY', before: '"ipv', after: '"' },
  event_uid: { kind: 'EVENT_UID', field: 'capture_id' },
  direction: { kind: 'LOCALITY', digits: [4, 1] },
  boundary: { kind: 'LOCALITY', digits: [1, 0] },
  observation: { kind: 'LOCALITY', digits: [4, 2] },
};

const NATURAL = { int: 'integer', long: 'integer', string: 'text', boolean: 'boolean', 'timestamp-micros': 'instant' };

/** Texts that a part's value has in it. */
const TEXTS = {
  TEXT: (field) => [field],
  ADDRESS: (field) => [field],
  NO_IP: (field) => [field],
  EVENT_UID: () => ['capture_id'],
  PACKED_TEXT: (field) => [field],
};

const typeOf = (type) => type.logicalType ?? type;

/** Collects a template. Every member ends with a comma, which the end of its object or list takes back. */
class Template {
  #literal = '';
  #back = false;
  parts = [];

  say(text) {
    this.#literal += text;
  }

  /** A value between two texts; left out with them when it is unknown, if `optional`. */
  value(before, { kind, field, digits, optional }, after) {
    if (optional) this.#flush();
    this.parts.push({ kind, field, digits, optional, back: this.#back, before: this.#literal + before, after });
    this.#literal = '';
    this.#back = false;
  }

  /** Opens what may stay empty, and then goes with its name. */
  openMaybe(text) {
    this.say(text);
    this.#flush();
  }

  closeMaybe(text) {
    this.#flush();
    this.parts.push({ kind: 'CLOSE', opener: text.length, before: '', after: '' });
  }

  /** Ends what has a member; `text` begins with its bracket. */
  close(text) {
    if (this.#literal === '') this.#back = true;
    this.#literal = this.#literal.replace(/,$/, '') + text;
  }

  end(text) {
    this.close(text);
    this.#flush();
    return this.parts;
  }

  #flush() {
    if (this.#literal === '') return;
    this.parts.push({ kind: 'LITERAL', back: this.#back, before: this.#literal, after: '' });
    this.#literal = '';
    this.#back = false;
  }
}

/** A value by its form; what is always known is never left out. */
function formed(path, form, field) {
  const always = form.kind === 'BOOLEAN' || (form.digits && !form.digits.includes(0));
  return { path, field, ...form, optional: !always };
}

/** What a standard's line says besides constants: event_time, derived values, the other fields, those with no name. */
function values({ fields }, mapping, standard, own) {
  const natural = fields.map(({ name, type }) => {
    const row = mapping.fields.find(({ field }) => field === name);
    if (row === undefined) throw new Error(`mapping.json has no row for ${name}`);
    const path = row[standard] ?? `${own}.${name}`;
    return formed(path, FORMS[mapping.forms[standard][path] ?? NATURAL[typeOf(type)]], name);
  });
  const derived = mapping.derived.rows
    .filter((row) => row[standard] !== null)
    .map(({ form, field, [standard]: path }) => formed(path, FORMS[form], field));
  const isOwn = ({ path }) => path.startsWith(`${own}.`);
  const [time, ...others] = natural;
  const isBehind = (value) => value.isBehind === true;
  const ahead = [time, ...derived.filter((value) => !isBehind(value)), ...others.filter((value) => !isOwn(value))];
  return [...ahead, ...derived.filter(isBehind), ...others.filter(isOwn)];
}

/** A tree of objects from dotted names; leaves are { constant } or { value }. */
function treeOf(leaves) {
  const root = new Map();
  for (const { path, leaf } of leaves) {
    const names = path.split('.');
    const last = names.pop();
    const parent = names.reduce((node, name) => node.get(name) ?? node.set(name, new Map()).get(name), root);
    if (parent.has(last)) throw new Error(`${path} is there twice`);
    parent.set(last, leaf);
  }
  return root;
}

function isSure(node) {
  if (node instanceof Map) return [...node.values()].some(isSure);
  return node.value?.optional !== true;
}

const quoted = (name) => `${JSON.stringify(name)}:`;

/** Whether an object has one value and nothing else, however deep: then that value's part has the brackets too. */
function isSingle(node) {
  if (!(node instanceof Map)) return true;
  return node.size === 1 && isSingle([...node.values()][0]);
}

function addMember(template, [name, node], before = '', after = '') {
  if (!(node instanceof Map)) addLeaf(template, before + quoted(name), node, after);
  else if (!isSure(node) && isSingle(node)) addMember(template, [...node][0], `${before}${quoted(name)}{`, `}${after}`);
  else addObject(template, `${quoted(name)}{`, node);
}

function addObject(template, opener, node) {
  const sure = isSure(node);
  if (sure) template.say(opener);
  else template.openMaybe(opener);
  for (const member of node) addMember(template, member);
  if (sure) template.close('},');
  else template.closeMaybe(opener);
}

function addLeaf(template, before, { constant, value }, after) {
  if (value === undefined) template.say(`${before}${JSON.stringify(constant)}${after},`);
  else template.value(before + (value.before ?? ''), value, `${value.after ?? ''}${after},`);
}

/** Objects in objects, by dotted names. */
function nested(schema, mapping, standard, own) {
  const [first, ...others] = values(schema, mapping, standard, own).map((value) => ({
    path: value.path,
    leaf: { value },
  }));
  const constants = Object.entries(mapping.constants[standard]).map(([path, constant]) => ({
    path,
    leaf: { constant },
  }));
  const companions = Object.entries(mapping.companions[standard]).map(([path, constant]) => ({
    path,
    leaf: { value: { kind: 'COMPANION', optional: true, before: JSON.stringify(constant) } },
  }));
  const template = new Template();
  template.say('{');
  for (const member of treeOf([first, ...constants, ...others, ...companions])) addMember(template, member);
  return template.end('}\n');
}

/** One flat object with all fields by their own names, known or not. */
function flat({ fields }) {
  const template = new Template();
  template.say('{');
  for (const { name, type } of fields)
    template.value(quoted(name), { ...FORMS[NATURAL[typeOf(type)]], field: name }, ',');
  return template.end('}\n');
}

/** OTLP's JSON of an attribute's value: integers are strings (protobuf's JSON mapping of int64). */
const ANY_VALUE = {
  INTEGER: ['{"intValue":"', '"}'],
  BOOLEAN: ['{"boolValue":', '}'],
};

function addAttribute(template, value) {
  const { path, kind, before = '', after = '' } = value;
  const [open, close] = ANY_VALUE[kind] ?? ['{"stringValue":', '}'];
  template.value(`{"key":"${path}","value":${open}${before}`, value, `${after}${close}},`);
}

function sayAttributes(template, constants) {
  for (const [key, text] of Object.entries(constants))
    template.say(`{"key":"${key}","value":{"stringValue":${JSON.stringify(text)}}},`);
}

/** OTLP's LogsData with one log record, as the file exporter writes it. */
function logsData(schema, mapping) {
  const [time, ...attributes] = values(schema, mapping, 'opentelemetry', 'acceptstream');
  const instant = { kind: 'NANOSECONDS', field: time.field, optional: true };
  const { resource, opentelemetry } = mapping.constants;
  const template = new Template();
  template.say('{"resourceLogs":[{"resource":{"attributes":[');
  sayAttributes(template, resource);
  for (const value of attributes) if (value.path.startsWith('host.')) addAttribute(template, value);
  template.close(']},"scopeLogs":[{"scope":{"name":"acceptstream"},"logRecords":[{');
  for (const name of ['timeUnixNano', 'observedTimeUnixNano']) template.value(`"${name}":"`, instant, '",');
  template.say('"severityNumber":9,"eventName":"acceptstream.accept","attributes":[');
  sayAttributes(template, opentelemetry);
  for (const value of attributes) if (!value.path.startsWith('host.')) addAttribute(template, value);
  return template.end(']}]}]}]}\n');
}

const PACKED = { int: 'PACKED_INTEGER', long: 'PACKED_INTEGER', string: 'PACKED_TEXT', boolean: 'PACKED_BOOLEAN' };

/** MessagePack's header of a short string, and the string. */
function packedName(name) {
  if (name.length > 31) throw new Error(`too long: ${name}`);
  return String.fromCharCode(0xa0 + name.length) + name;
}

/** [EventTime, {all fields by their own names}] in MessagePack, as PackedForward has them back to back (protocol v1). */
function entry({ fields }) {
  const part = (before, kind, field) => ({ kind, field, before, after: '' });
  const typeName = ({ type }) => type.type ?? type;
  const members = fields.map((field) => part(packedName(field.name), PACKED[typeName(field)], field.name));
  const [first, ...others] = members;
  const mapHeader = String.fromCharCode(0xde, fields.length >> 8, fields.length & 0xff);
  return [part('\x92\xd7\x00', 'EVENT_TIME', 'event_time'), { ...first, before: mapHeader + first.before }, ...others];
}

/** The parts of each format. Each has kind, before and after; a value's also field, digits and optional. */
export function templatesOf(schema, mapping) {
  return {
    JSON: flat(schema),
    ECS: nested(schema, mapping, 'ecs', 'acceptstream'),
    OCSF: nested(schema, mapping, 'ocsf', 'unmapped'),
    OTEL: logsData(schema, mapping),
    FORWARD: entry(schema),
  };
}

/** The most bytes of a line: `frame`, and `growth` for each byte of its datum. */
export function boundsOf(parts) {
  const uses = new Map();
  let frame = 0;
  for (const { kind, field, before, after } of parts) {
    frame += before.length + after.length + KINDS[kind];
    for (const text of TEXTS[kind]?.(field) ?? []) uses.set(text, (uses.get(text) ?? 0) + 1);
  }
  return { frame, growth: ESCAPED * Math.max(...uses.values()) };
}

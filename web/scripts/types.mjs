// Writes src/api/schema.ts, the TypeScript types of the API, from openapi.json. With --check it only looks whether the
// file is what it would write.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../openapi.json', import.meta.url);
const target = new URL('../src/api/schema.ts', import.meta.url);
const PLACE = '#/components/schemas/';

const quoted = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const union = (types) => [...new Set(types)].join(' | ');
const wrapped = (type) => (type.includes(' | ') || type.includes(' & ') ? `(${type})` : type);

function typeOf(schema, depth) {
  if (schema === true || schema === undefined) return 'unknown';
  if (schema.$ref) return schema.$ref.slice(PLACE.length);
  if ('const' in schema) return literal(schema.const);
  if (schema.enum) return union(schema.enum.map(literal));
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    const one = union(alternatives.map((each) => typeOf(each, depth)));
    return schema.properties ? `${wrapped(one)} & ${objectType(schema, depth)}` : one;
  }
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, depth)));
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `${wrapped(typeOf(schema.items, depth))}[]`;
    case 'object':
      return objectType(schema, depth);
    default:
      return 'unknown';
  }
}

// As the formatter writes texts: in single quotes.
function literal(value) {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
}

function objectType(schema, depth) {
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) return 'Record<string, unknown>';
  const required = new Set(schema.required ?? []);
  const indent = '  '.repeat(depth + 1);
  const lines = members.flatMap(([name, member]) => [
    ...comment(member.description, indent),
    `${indent}${quoted(name)}${required.has(name) ? '' : '?'}: ${typeOf(member, depth + 1)};`,
  ]);
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

function comment(text, indent) {
  if (!text) return [];
  return [`${indent}/** ${text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */`];
}

function written(document) {
  const types = Object.entries(document.components.schemas).map(([name, schema]) => {
    const head = [...comment(schema.description, ''), ''].join('\n');
    const isObject = schema.type === 'object' && schema.properties && !schema.oneOf && !schema.anyOf;
    return isObject
      ? `${head}export interface ${name} ${objectType(schema, 0)}\n`
      : `${head}export type ${name} = ${typeOf(schema, 0)};\n`;
  });
  return `// Written by \`npm run types\` from openapi.json, which \`make reference\` writes from the program.\n\n${types.join('\n')}`;
}

const text = written(JSON.parse(readFileSync(source, 'utf8')));
if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(target, 'utf8');
  } catch {
    // Not there is as wrong as old.
  }
  if (present !== text) {
    console.error('src/api/schema.ts is not of this openapi.json; `npm run types` writes it anew');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}

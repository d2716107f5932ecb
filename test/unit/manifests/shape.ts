/**
 * The shape of an object, read from a TypeScript interface or from a CRD's schema, so that the two can be held against each other:
 * which fields, of which type, which of them required, which words allowed.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Identifier, parseSync, type TsInterfaceDeclaration, type TsType, type TsTypeElement } from '@swc/core';
import type { Manifest } from './files.ts';

export type Shape =
  | { readonly kind: 'string'; readonly words?: readonly string[] }
  | { readonly kind: 'number' | 'boolean' }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Field>> };

export interface Field {
  readonly shape: Shape;
  readonly required: boolean;
}

/** Each leaf's path and type, e.g. `spec.namespaces[]: string`; `{}` stands for the keys of a map. */
export function leaves(shape: Shape, path = ''): string[] {
  if (shape.kind === 'list') return leaves(shape.of, `${path}[]`);
  if (shape.kind === 'map') return leaves(shape.of, `${path}{}`);
  if (shape.kind !== 'object') return [`${path}: ${shape.kind}`];
  return Object.entries(shape.fields).flatMap(([name, field]) =>
    leaves(field.shape, path === '' ? name : `${path}.${name}`),
  );
}

/** The paths of all required fields. */
export function requiredPaths(shape: Shape, path = ''): string[] {
  if (shape.kind === 'list') return requiredPaths(shape.of, `${path}[]`);
  if (shape.kind === 'map') return requiredPaths(shape.of, `${path}{}`);
  if (shape.kind !== 'object') return [];
  return Object.entries(shape.fields).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [...(field.required ? [at] : []), ...requiredPaths(field.shape, at)];
  });
}

/** The words that a string may be, by path, where they are listed. */
export function wordsByPath(shape: Shape, path = ''): Readonly<Record<string, readonly string[]>> {
  if (shape.kind === 'list') return wordsByPath(shape.of, `${path}[]`);
  if (shape.kind === 'map') return wordsByPath(shape.of, `${path}{}`);
  if (shape.kind === 'string') return shape.words ? { [path]: [...shape.words].sort() } : {};
  if (shape.kind !== 'object') return {};
  const parts = Object.entries(shape.fields).map(([name, field]) =>
    wordsByPath(field.shape, path === '' ? name : `${path}.${name}`),
  );
  return Object.assign({}, ...parts);
}

/** @param schema an OpenAPI v3 schema as CRDs have it. */
export function shapeOfSchema(schema: Manifest): Shape {
  if (schema.type === 'string') return { kind: 'string', ...(schema.enum && { words: schema.enum }) };
  if (schema.type === 'integer' || schema.type === 'number') return { kind: 'number' };
  if (schema.type === 'boolean') return { kind: 'boolean' };
  if (schema.type === 'array') return { kind: 'list', of: shapeOfSchema(schema.items) };
  if (schema.additionalProperties) return { kind: 'map', of: shapeOfSchema(schema.additionalProperties) };
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]): [string, Field] => [
    name,
    { shape: shapeOfSchema(property), required: (schema.required ?? []).includes(name) },
  ]);
  return { kind: 'object', fields: Object.fromEntries(fields) };
}

/** @param file holds `export interface <name>`; what it refers to is looked up in the files it imports. */
export function shapeOfInterface(file: string, name: string): Shape {
  return new TypeReader(file).named(name);
}

class TypeReader {
  readonly #file: string;
  readonly #declared = new Map<string, TsInterfaceDeclaration | TsType>();
  readonly #imported = new Map<string, string>();

  constructor(file: string) {
    this.#file = file;
    for (const item of parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript' }).body) {
      if (item.type === 'ImportDeclaration') {
        for (const specifier of item.specifiers) this.#imported.set(specifier.local.value, item.source.value);
      }
      const declaration = item.type === 'ExportDeclaration' ? item.declaration : item;
      if (declaration.type === 'TsInterfaceDeclaration') this.#declared.set(declaration.id.value, declaration);
      if (declaration.type === 'TsTypeAliasDeclaration')
        this.#declared.set(declaration.id.value, declaration.typeAnnotation);
    }
  }

  named(name: string): Shape {
    const declared = this.#declared.get(name);
    if (!declared) {
      const source = this.#imported.get(name);
      if (!source) throw new Error(`Cannot find type "${name}" in ${this.#file}`);
      return new TypeReader(join(dirname(this.#file), source)).named(name);
    }
    if (declared.type !== 'TsInterfaceDeclaration') return this.#shape(declared);
    const inherited = declared.extends.flatMap(({ expression }) => {
      const base = this.named((expression as Identifier).value);
      return base.kind === 'object' ? Object.entries(base.fields) : [];
    });
    const own = this.#fields(declared.body.body);
    return { kind: 'object', fields: Object.fromEntries([...inherited, ...own]) };
  }

  #fields(members: readonly TsTypeElement[]): [string, Field][] {
    return members.map((member) => {
      if (member.type !== 'TsPropertySignature' || !member.typeAnnotation || member.key.type !== 'Identifier') {
        throw new Error(`Cannot read a ${member.type} in ${this.#file}: only plain fields have a place in an API type`);
      }
      return [
        member.key.value,
        { shape: this.#shape(member.typeAnnotation.typeAnnotation), required: !member.optional },
      ];
    });
  }

  #shape(type: TsType): Shape {
    switch (type.type) {
      case 'TsKeywordType':
        if (type.kind === 'string' || type.kind === 'number' || type.kind === 'boolean') return { kind: type.kind };
        break;
      case 'TsLiteralType':
        if (type.literal.type === 'StringLiteral') return { kind: 'string', words: [type.literal.value] };
        break;
      case 'TsUnionType':
        return { kind: 'string', words: type.types.flatMap((part) => this.#words(part)) };
      case 'TsTypeLiteral':
        return { kind: 'object', fields: Object.fromEntries(this.#fields(type.members)) };
      case 'TsTypeOperator':
      case 'TsParenthesizedType':
        return this.#shape(type.typeAnnotation);
      case 'TsArrayType':
        return { kind: 'list', of: this.#shape(type.elemType) };
      case 'TsTypeReference':
        return this.#reference((type.typeName as Identifier).value, type.typeParams?.params ?? []);
    }
    throw new Error(`Cannot read a ${type.type} in ${this.#file}: teach this test about it`);
  }

  #reference(name: string, parameters: readonly TsType[]): Shape {
    if (name === 'Readonly') return this.#shape(parameters[0]!);
    if (name === 'Record') return { kind: 'map', of: this.#shape(parameters[1]!) };
    return this.named(name);
  }

  #words(type: TsType): readonly string[] {
    const shape = this.#shape(type);
    if (shape.kind === 'string' && shape.words) return shape.words;
    throw new Error(`Cannot read a union of other than words in ${this.#file}`);
  }
}

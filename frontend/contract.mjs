/**
 * Types of the socket's messages, made from its AsyncAPI document: `node contract.mjs asyncapi.json src/realtime/contract.d.ts`.
 * Its schemas are JSON Schema, as those of an OpenAPI document are, so the same generator makes both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const [from, to] = process.argv.slice(2)
const { info, components } = JSON.parse(readFileSync(from, 'utf8'))
const { schemas } = components
const types = await openapiTS(
  { openapi: '3.1.0', info, paths: {}, components: { schemas } },
  // What has a default may be left out: that is what it is for.
  { defaultNonNullable: false },
)
writeFileSync(
  to,
  `/** Made from the socket's contract by \`make types\`. Do not edit. */\n${astToString(types)}`,
)

/** Frames for tests: the examples of the socket's contract. */
import contract from '../../asyncapi.json'
import type { Incoming } from './frames'

type Name = keyof typeof contract.components.messages

/** The contract's own example of a message, with what the test says otherwise. */
export function example(name: Name, otherwise: object = {}): Incoming {
  const [first] = contract.components.messages[name].examples
  return { ...first?.payload, ...otherwise } as Incoming
}

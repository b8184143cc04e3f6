/** The frames of the socket protocol `clinic.v1`, by the names this app uses; their types are made from its contract. */
import type { components } from './contract'

type Messages = components['schemas']

export type Command = Messages['Command']
/** A command that is answered, without its number: that is the connection's. */
export type Request =
  Exclude<Command, Messages['Ack']> extends infer Each
    ? Each extends Command
      ? Omit<Each, 'id'>
      : never
    : never
export type Incoming = Messages['ServerFrame']
export type Reply = Messages['Reply']
export type Watching = Messages['Watching']
export type Failed = Messages['Failed']
export type Goodbye = Messages['Goodbye']
export type EventFrame = Messages['Event']
/** What comes in a topic of this name. */
export type EventIn<Topic extends string> = Topic extends 'desk'
  ? Messages['DeskEvent']
  : Topic extends `user.${string}`
    ? Messages['UserEvent']
    : Topic extends `calendar.${string}`
      ? Messages['CalendarEvent']
      : Topic extends `slots.${string}`
        ? Messages['SlotsEvent']
        : Topic extends `record.${string}`
          ? Messages['RecordEvent']
          : EventFrame
export type ReadMark = Messages['ReadMark']
/** Somebody who is looking at a record right now. */
export type Viewer = Messages['User']

export function isReply(frame: Incoming): frame is Reply {
  return !('op' in frame)
}

/** Whether an event tells of such a thing: `isOf(event, 'appointment')`. */
export function isOf<Said extends EventFrame, Noun extends string>(
  event: Said,
  noun: Noun,
): event is Extract<Said, { type: `${Noun}.${string}` }> {
  return event.type.startsWith(`${noun}.`)
}

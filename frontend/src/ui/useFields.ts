/** The text fields of a form: what is typed stays, and what is wrong stands at its field. */
import { type ChangeEvent, useRef, useState } from 'react'
import { Problem } from '../api/problem'

export function useFields<Values extends Record<string, string>>(initial: Values) {
  type Field = keyof Values & string
  type Faults = Partial<Record<Field, string>>
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState(initial)
  const [wrong, setWrong] = useState<Faults>({})

  /** Shows what is wrong and leads to the first of it; whether there was anything. */
  function refuse(found: Faults): boolean {
    setWrong(found)
    const first = Object.keys(found)[0]
    if (first) form.current?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus()
    return first !== undefined
  }

  return {
    form,
    values,
    wrong,
    refuse,
    set(change: Partial<Values>) {
      setValues((before) => ({ ...before, ...change }))
    },
    /** What the service says of single fields; false where it says nothing of them. */
    refused(error: unknown): boolean {
      const told = error instanceof Problem ? error.fields.filter(({ field }) => field in values) : []
      return refuse(Object.fromEntries(told.map(({ field, detail }) => [field, detail])) as Faults)
    },
    input(name: Field) {
      return {
        name,
        value: values[name],
        error: wrong[name],
        'aria-invalid': wrong[name] !== undefined,
        onChange(event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) {
          const { value } = event.currentTarget
          setValues((before) => ({ ...before, [name]: value }))
          setWrong((before) => ({ ...before, [name]: undefined }))
        },
      }
    },
  }
}

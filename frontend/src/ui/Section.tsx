/** A titled card: one thing that can be set. */
import { type ReactNode, useId } from 'react'
import { Card } from './Card'
import styles from './Section.module.css'

interface Props {
  title: string
  lead?: ReactNode
  children: ReactNode
}

export function Section({ title, lead, children }: Props) {
  const id = useId()
  return (
    <section aria-labelledby={id}>
      <Card className={styles.card}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {lead && <p className={styles.lead}>{lead}</p>}
        {children}
      </Card>
    </section>
  )
}

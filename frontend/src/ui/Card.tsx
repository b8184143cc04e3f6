/** A surface that holds one thing. */
import type { HTMLAttributes } from 'react'
import styles from './Card.module.css'

export function Card({ className, ...rest }: HTMLAttributes<HTMLDivElement>) {
  return <div className={className ? `${styles.card} ${className}` : styles.card} {...rest} />
}

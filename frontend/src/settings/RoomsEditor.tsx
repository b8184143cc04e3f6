/** The rooms that patients are called to. Each change is saved at once. */
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Clinic, Room } from '../api/shapes'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import styles from './forms.module.css'
import { useClinicChange } from './useClinic'

const NAME_MOST = 40

export function RoomsEditor({ clinic: { rooms } }: { clinic: Clinic }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const change = useClinicChange(() => showToast(t('saved')))

  function add(event: FormEvent) {
    event.preventDefault()
    if (!name.trim() || change.isPending) return
    change.mutate({ rooms: [...rooms, { name: name.trim() }] }, { onSuccess: () => setName('') })
  }

  function rename(room: Room, to: string) {
    change.mutate({ rooms: rooms.map((each) => (each.id === room.id ? { ...each, name: to } : each)) })
  }

  return (
    <>
      {rooms.length === 0 && <p className={styles.empty}>{t('rooms.none')}</p>}
      {rooms.length > 0 && (
        <ul className={styles.list} data-testid="rooms">
          {rooms.map((room) => (
            <li key={room.id}>
              <RoomName key={room.name} room={room} onRename={(to) => rename(room, to)} />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t('rooms.remove', { name: room.name })}
                onClick={() => change.mutate({ rooms: rooms.filter(({ id }) => id !== room.id) })}
              >
                <Icon name="close" />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      {change.error && (
        <div className={styles.error}>
          <ErrorNote error={change.error} />
        </div>
      )}
      <form className={styles.add} onSubmit={add}>
        <TextInput
          className={styles.grow}
          label={t('rooms.name')}
          maxLength={NAME_MOST}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={change.isPending}>
          {t('rooms.add')}
        </Button>
      </form>
    </>
  )
}

function RoomName({ room, onRename }: { room: Room; onRename: (to: string) => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState(room.name)

  function settle() {
    const to = name.trim()
    if (to && to !== room.name) onRename(to)
    else setName(room.name)
  }

  return (
    <TextInput
      className={styles.grow}
      variant="unstyled"
      aria-label={t('rooms.rename', { name: room.name })}
      maxLength={NAME_MOST}
      value={name}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key === 'Enter') settle()
        if (event.key === 'Escape') setName(room.name)
      }}
    />
  )
}

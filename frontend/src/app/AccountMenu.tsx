/** Who is signed in, how they like to read times, and the way out. */
import { Popover, SegmentedControl, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '../auth/session'
import { ownZone, zoneName } from '../time/clock'
import { setTimePreferences, useTimePreferences } from '../time/preferences'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import styles from './AccountMenu.module.css'
import { nameOf, useMe } from './useMe'

export function AccountMenu() {
  const { t } = useTranslation()
  const me = useMe()
  const name = nameOf(me)
  const { zone, hours } = useTimePreferences()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [opened, setOpened] = useState(false)
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={300}
      position="bottom-end"
      radius="lg"
      shadow="md"
      trapFocus
      returnFocus
      // Inside the header's landmark, not at the end of the page.
      withinPortal={false}
    >
      <Popover.Target>
        <UnstyledButton className={styles.trigger} onClick={() => setOpened((before) => !before)}>
          <Initials name={name} size={36} />
          <span className="visually-hidden">{t('account.menu', { name })}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={styles.menu}>
        <div className={styles.person}>
          <span className={styles.name}>{name}</span>
          <span className={styles.role}>
            {t(`account.role.${me.role}`)} · {me.email}
          </span>
        </div>
        <Setting label={t('account.times')} hint={zone === 'own' ? zoneName(ownZone()) : undefined}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t('account.times')}
            value={zone}
            onChange={(value) => setTimePreferences({ zone: value as 'clinic' | 'own' })}
            data={[
              { value: 'clinic', label: t('account.zoneClinic') },
              { value: 'own', label: t('account.zoneOwn') },
            ]}
          />
        </Setting>
        <Setting label={t('account.hours')}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t('account.hours')}
            value={hours}
            onChange={(value) => setTimePreferences({ hours: value as '12' | '24' })}
            data={[
              { value: '24', label: t('account.hours24') },
              { value: '12', label: t('account.hours12') },
            ]}
          />
        </Setting>
        <Setting label={t('account.scheme')}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t('account.scheme')}
            value={colorScheme}
            onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}
            data={[
              { value: 'auto', label: t('account.schemeAuto') },
              { value: 'light', label: t('account.schemeLight') },
              { value: 'dark', label: t('account.schemeDark') },
            ]}
          />
        </Setting>
        <Link to="/account" className={styles.link} onClick={() => setOpened(false)}>
          <Icon name="user" />
          {t('account.open')}
        </Link>
        <UnstyledButton className={styles.signOut} onClick={() => void session.signOut()}>
          <Icon name="signOut" />
          {t('account.signOut')}
        </UnstyledButton>
      </Popover.Dropdown>
    </Popover>
  )
}

function Setting({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className={styles.setting}>
      <span className={styles.label}>
        {label}
        {hint && <span className={styles.hint}> · {hint}</span>}
      </span>
      {children}
    </div>
  )
}

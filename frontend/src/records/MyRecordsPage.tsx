/** A patient's records, newest first, and the doctors who may read them. */
import { Button } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { nameOf, useMe } from '../app/useMe'
import { Dialog } from '../ui/Dialog'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import { CareTeam } from './CareTeam'
import { NewRecordForm } from './RecordForm'
import styles from './records.module.css'
import { Timeline } from './Timeline'

export function MyRecordsPage() {
  const { t } = useTranslation()
  const me = useMe()
  const search = useSearch({ from: '/inside/records' })
  const navigate = useNavigate({ from: '/records' })
  const [writing, setWriting] = useState(false)
  const newRecord = (
    <Button leftSection={<Icon name="plus" />} onClick={() => setWriting(true)}>
      {t('records.new')}
    </Button>
  )
  return (
    <>
      <PageHead title={t('records.mine')} lead={t('records.mineLead')}>
        {newRecord}
      </PageHead>
      <div className={styles.columns}>
        <Timeline
          search={search}
          onSearch={(to) => void navigate({ search: to, replace: true })}
          emptyLead={t('records.emptyLead')}
        />
        <CareTeam patient={{ id: me.id, name: nameOf(me) }} topic={`user.${me.id}`} isMine />
      </div>
      <Dialog opened={writing} onClose={() => setWriting(false)} title={t('records.new')}>
        <NewRecordForm
          onCancel={() => setWriting(false)}
          onDone={(record) =>
            void navigate({ to: '/records/$recordId', params: { recordId: String(record.id) } })
          }
        />
      </Dialog>
    </>
  )
}

import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Empty } from './Empty.tsx'
import { Loading } from './Loading.tsx'
import { Page } from './Page.tsx'
import { problemIn, Refused } from './Refused.tsx'

/**
 * The page of a thing until it is read, or why it cannot be. What does not exist is there by no second try: the title says so,
 * and the way leads back to the list.
 */
export const UnreadPage = ({
  title,
  missing,
  list,
  error,
  onRetry,
}: {
  title: string
  /** The title where there is no such thing. */
  missing: string
  list: { to: string; title: string; all: string }
  error: unknown
  onRetry: () => void
}) => {
  const { t } = useTranslation()
  // an id that cannot be one is nobody's either
  const none = ['not-found', 'code-unknown', 'invalid-request'].includes(problemIn(error)?.code ?? '')
  const crumb = <Link to={list.to}>{list.title}</Link>
  if (none)
    return (
      <Page key="none" title={missing} crumb={crumb}>
        <Empty
          title={t('refusal.not-found.text')}
          action={
            <Button component={Link} to={list.to}>
              {list.all}
            </Button>
          }
        />
      </Page>
    )
  return (
    <Page title={title} crumb={crumb}>
      {error ? <Refused error={error} onRetry={onRetry} /> : <Loading lines={8} />}
    </Page>
  )
}

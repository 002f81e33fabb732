import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '../ui/tokens.css'
import '../ui/base.css'
import '../i18n/i18n.ts'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { keepFocus } from '../ui/keep-focus.ts'
import { Toasts } from '../ui/Toasts.tsx'
import { cssVariablesResolver, theme } from '../ui/theme.ts'
import { queryClient } from './calls.ts'
import { InsecurePage } from './InsecurePage.tsx'
import { router } from './router.tsx'
import { StepUpDialog } from './step-up/StepUpDialog.tsx'

keepFocus()

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      {isSecureContext ? (
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <StepUpDialog />
          <Toasts />
        </QueryClientProvider>
      ) : (
        <InsecurePage />
      )}
    </MantineProvider>
  </StrictMode>,
)

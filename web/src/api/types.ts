/** What REST takes and gives, by the page's names. `schema.d.ts` is made from the server's schema. */

import type { components } from './schema'

type Schemas = components['schemas']

export type TokenPair = Schemas['TokensOutput']
export type Config = Schemas['Config']

/** What somebody else did to the account. */
export type AccountNotice = Schemas['NoticeOutput']
export type Profile = Schemas['MeOutput']
export type ProfileChanges = Schemas['PatchedMeInput']

export type Tool = Schemas['ToolsEnum']
export type Thinking = Schemas['ThinkingEnum']
export type Output = Schemas['AgentOutputEnum']
export type Agent = Schemas['AgentOutput']
export type Voice = Schemas['VoiceOutput']
/** The options of pictures and speech with the selected key; null: it has no model for it. */
export type MediaOptions = Schemas['MediaOutput']

export type Price = Schemas['PriceOutput']
export type Model = Schemas['ModelOutput']

export type KeyStatus = Schemas['KeyStatusEnum']
/** Limits by the day and the month; money is US dollars with two decimals. */
export type Budget = Pick<
  Schemas['KeyOutput'],
  'daily_tokens' | 'monthly_tokens' | 'daily_money' | 'monthly_money'
>
/** An own key, or a lent one: then `name` is its label, and the limits are those of the loan. */
export type ApiKey = Schemas['KeyOutput']
export type Loan = Schemas['LoanOutput']
export type AuditRow = Schemas['AuditOutput']

export type Tally = Schemas['TallyOutput']
export type UsageRow = Schemas['UsageRowOutput']
export type Usage = Schemas['UsageOutput']
export type BudgetState = Schemas['BudgetStateOutput']
export type KeyUsage = Schemas['KeyUsageOutput']

/** Voices are strings, as `/api/voices/` lists them. */
export type EstimateRequest = Omit<Schemas['EstimateInput'], 'speech'> & {
  speech?: { speakers?: { voice: string }[]; style?: string }
}
export type Estimate = Schemas['EstimateOutput']

export type Thread = Schemas['ThreadOutput']
/** A thread by itself; lists leave out what can be long. */
export type ThreadDetail = Schemas['ThreadDetailOutput']
export type ThreadPage = Schemas['ThreadPageOutput']

/** What a message says of a file that goes with it. */
export type SentFile = Schemas['AttachmentOutput']
export type StoredFile = Schemas['FileOutput']
export type FilePage = Schemas['FilePageOutput']
export type SignedUrl = Schemas['SignedUrlOutput']

export type StoredMessage = Schemas['MessageOutput']
export type StoredRun = Schemas['RunSnapshotOutput']
export type History = Schemas['ConversationOutput']

/** What a question can be answered with, and how; as the server offers it. */

export type Tool = 'search' | 'code' | 'url'
export type Thinking = 'auto' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh'
export type Output = 'text' | 'image' | 'speech' | 'video'

export interface Agent {
  name: string
  label: string
  description: string
  outputs: Output[]
}

export interface Voice {
  name: string
  description: string
}

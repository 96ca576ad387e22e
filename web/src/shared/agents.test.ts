import { describe, expect, it } from 'vitest'

import { agentLabels, agentName, agentDisplay } from './agents'

describe('an agent', () => {
  it('of the team has its own look', () => {
    expect(agentDisplay('text')).toMatchObject({ name: 'Text agent', kind: 'text' })
  })

  it('that is new is neutral, by its label or its name', () => {
    expect(agentDisplay('fact_check')).toMatchObject({ name: 'Fact check', kind: 'other' })
    agentLabels.set('fact_check', 'Fact checker')
    expect(agentName('fact_check')).toBe('Fact checker')
    expect(agentName('constructor')).toBe('Constructor')
  })
})

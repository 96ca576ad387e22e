import { mount } from 'svelte'

import './app.css'
import App from './App.svelte'
import './shared/theme.svelte'

mount(App, { target: document.getElementById('app') as HTMLElement })

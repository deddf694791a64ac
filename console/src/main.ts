import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/components.css';
import './styles/app.css';
import './styles/messages.css';
import App from './App.svelte';
import { desk } from './lib/state/desk.svelte';
import { installDiagnostics } from './lib/diagnostics';

installDiagnostics(desk);
mount(App, { target: document.getElementById('app') as HTMLElement });
void desk.session.start();

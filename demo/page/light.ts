/** Shows a certificate as a traffic light with its status and reason in words. */
import type { Status } from '../gradients/protocol.ts';

const WORDS: Readonly<Record<Status | 'none', string>> = {
  certified: 'Certified',
  failed: 'Hypothesis fails',
  unknown: 'Not decided',
  none: 'Not checked yet',
};

interface Light {
  show(status: Status | 'none', reason: string): void;
}

/** @param host an element of the class `light` */
export function createTrafficLight(host: HTMLElement): Light {
  host.innerHTML = `<svg viewBox="0 0 20 48" aria-hidden="true"><rect class="case" x="1" y="1" width="18" height="46" rx="9"/>
<circle class="halt" cx="10" cy="10" r="5.5"/><circle class="wait" cx="10" cy="24" r="5.5"/><circle class="go" cx="10" cy="38" r="5.5"/></svg><b></b><span class="quiet"></span>`;
  const [, word, why] = host.children;
  const show: Light['show'] = (status, reason) => {
    if (host.dataset.status !== status) {
      host.dataset.status = status;
      word.textContent = WORDS[status];
    }
    if (why.textContent !== reason) why.textContent = reason;
  };
  show('none', '');
  return { show };
}

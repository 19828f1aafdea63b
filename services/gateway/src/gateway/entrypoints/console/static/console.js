// Keyboard and small things that must answer at once, without the server.
(() => {
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName);
  const open = () => document.querySelector('.q-dialog, .q-menu');

  // The cursor waits where the page says, as soon as that box exists.
  const focus = () => {
    const box = document.querySelector('[data-focus]:not([data-focused])');
    if (!box) return false;
    box.dataset.focused = '';
    box.focus();
    return true;
  };
  const watch = new MutationObserver(() => focus() && watch.disconnect());
  watch.observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener('keydown', (e) => {
    if (e.isComposing || e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.key === 'Escape' && !open()) {
      const box = document.activeElement;
      if (box && typing(box) && box.value && !box.readOnly) { box.blur(); return; }
      if (location.pathname !== '/' && location.pathname !== '/sign-in') history.back();
    } else if (e.key === '/' && !typing(document.activeElement)) {
      const box = document.querySelector('[data-search]');
      if (box) { e.preventDefault(); box.focus(); box.select(); }
    } else if (e.key === 'Enter' && document.activeElement === document.body) {
      document.querySelector('[data-enter]')?.click();
    } else if (e.key === 'Enter' && e.target.matches('input:not([type=checkbox], [type=radio], [role=combobox])')) {
      const form = e.target.closest('.act, .review, .accept, .ask');   // the next field; from the last one, the button
      if (!form) return;
      e.preventDefault();
      const boxes = [...form.querySelectorAll('input:not([type=checkbox], [type=radio]), textarea')].filter((b) => b.offsetParent);
      const next = boxes[boxes.indexOf(e.target) + 1];
      if (next) { next.focus(); return; }
      for (const button of ['[data-next]', '.send .q-btn', '.q-btn']) {   // another line, or what the form is for
        const found = form.querySelector(button);
        if (found) { found.click(); return; }
      }
    } else if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && !open()) {
      const active = document.activeElement;
      if (typing(active) && !active.matches('[data-search]')) return;
      const rows = [...document.querySelectorAll('.page [data-row]')].filter((r) => r.offsetParent);
      if (!rows.length) return;
      const next = rows[rows.indexOf(active) + (e.key === 'ArrowDown' ? 1 : -1)];
      if (next) { e.preventDefault(); next.focus(); }
    }
  });

  document.addEventListener('click', (e) => {
    const chosen = e.target.closest('[data-show]');
    if (chosen) {                                   // a filter: shows the rows whose data-is holds the word
      const box = chosen.closest('[data-filter]');
      const word = chosen.dataset.show;
      box.querySelectorAll('[data-show]').forEach((b) => b.setAttribute('aria-pressed', b === chosen));
      box.querySelectorAll('[data-is]').forEach((r) => { r.hidden = word !== '' && !r.dataset.is.split(' ').includes(word); });
      return;
    }
    if (e.target.closest('[data-print]')) { window.print(); return; }
    const filled = e.target.closest('[data-fill]');
    if (filled) {                                   // a demo user's name into the box
      document.querySelector('[name=username]').value = filled.dataset.fill;
      document.querySelector('[name=password]').focus();
      return;
    }
    const link = e.target.closest('tr[data-row]');
    if (link && !e.target.closest('a, button, summary, input') && !String(getSelection())) link.querySelector('a')?.click();
  });
  document.addEventListener('keyup', (e) => {
    if (e.key === 'Enter' && e.target.matches('tr[data-row]')) e.target.querySelector('a')?.click();
  });

  // What a bar of the chart is made of: open and show it below.
  window.consoleOpen = (id) => {
    const part = id && document.getElementById(id);
    if (!part) return;
    const folded = part.closest('details');
    if (folded) folded.open = true;
    part.scrollIntoView({ block: 'center' });
    part.classList.add('shown');
    setTimeout(() => part.classList.remove('shown'), 1600);
  };
})();

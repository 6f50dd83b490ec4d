/** Asks for the auth string or a token, where the server wants one. It is kept for this tab only. */
import { useSignal } from '@preact/signals';
import { hasToken, useToken } from '../base/session.ts';

export function TokenForm() {
  const text = useSignal('');
  return (
    <main class="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.value !== '') useToken(text.value);
        }}
      >
        <h2>This server wants to know who asks</h2>
        {hasToken.value && (
          <p class="refusal" role="alert">
            The server does not accept this token: it is wrong, expired or revoked.
          </p>
        )}
        <label>
          Auth string or token
          <input
            {...{ type: 'password', autocomplete: 'current-password', required: true }}
            value={text}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <p class="hint">It is kept until this tab is closed, and never stands in the address.</p>
        <button type="submit">Continue</button>
      </form>
    </main>
  );
}

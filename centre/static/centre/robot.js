// The not-a-robot check of forms: ALTCHA's widget with its worker as a file of ours (CSP), in the page's language.
const widget = document.querySelector("altcha-widget");
const worker = widget.dataset.worker;
$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
$altcha.i18n.set("ja", {
  ariaLinkLabel: "ALTCHA",
  cancel: "キャンセル",
  error: "確認できませんでした。もう一度お試しください。",
  expired: "時間が過ぎました。もう一度お試しください。",
  label: "私はロボットではありません",
  loading: "読み込み中…",
  reload: "やり直す",
  verify: "確認する",
  verificationRequired: "「私はロボットではありません」にチェックを入れてください。",
  verified: "確認しました",
  verifying: "確認中…",
  waitAlert: "確認中です。お待ちください。",
});

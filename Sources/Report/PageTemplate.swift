/// The page: HTML with Mustache tags. It needs no script and loads nothing.
enum PageTemplate {
  static let html = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{headline}} · {{name}}</title>
    <style>{{{css}}}</style>
    </head>
    <body>
    <header>
    <p class="eyebrow">Overtrain · {{name}}</p>
    <h1>{{headline}}</h1>
    <p class="lead">{{summary}}</p>
    </header>
    <main>
    <section>
    <h2>{{#hasLaw}}Reducible loss against compute{{/hasLaw}}{{^hasLaw}}Loss against compute{{/hasLaw}}</h2>
    {{{legend}}}
    <figure>{{{lossFigure.wide}}}{{{lossFigure.narrow}}}</figure>
    {{#hasLaw}}<p class="note">{{{formula}}}. Lines are the law, dashed beyond the largest run it was \
    fitted on; whiskers are {{level}} prediction intervals for one new run.</p>{{/hasLaw}}
    </section>
    {{#hasComparisons}}
    <section>
    <h2>Held-out runs</h2>
    <div class="pair">
    <div class="scroll"><table>
    <thead><tr><th>Loss</th><th class="n">predicted</th><th class="n">actual</th>\
    <th class="n">off by</th></tr></thead>
    <tbody>{{#losses}}<tr><th scope="row">{{run}}<small>{{about}}</small></th>\
    <td class="n">{{predicted}}<small>{{interval}}</small></td>\
    <td class="n">{{actual}}<small>{{inside}}</small></td><td class="n"><b>{{off}}</b></td></tr>
    {{/losses}}</tbody></table></div>
    {{#hasErrors}}<div class="scroll"><table>
    <thead><tr><th>Average error</th><th class="n">predicted</th><th class="n">actual</th>\
    <th class="n">off by</th></tr></thead>
    <tbody>{{#errors}}<tr><th scope="row">{{run}}<small>{{about}}</small></th>\
    <td class="n">{{predicted}}<small>{{interval}}</small></td>\
    <td class="n">{{actual}}<small>{{inside}}</small></td><td class="n"><b>{{off}}</b></td></tr>
    {{/errors}}</tbody></table></div>{{/hasErrors}}
    </div>
    <p class="note">Small figures under a prediction: its {{level}} interval.</p>
    </section>
    {{/hasComparisons}}
    {{#hasWarnings}}
    <section>
    <h2>Read with care</h2>
    <ul class="warnings">{{#warnings}}<li>{{.}}</li>{{/warnings}}</ul>
    </section>
    {{/hasWarnings}}
    {{#errorFigure}}
    <section>
    <h2>Error against loss</h2>
    {{{legend}}}
    <figure>{{{wide}}}{{{narrow}}}</figure>
    <p class="note">Average top-1 error over the tasks. {{errorFormula}}; \
    the dashed line is the error of guessing.</p>
    </section>
    {{/errorFigure}}
    {{#hasGrades}}
    <section>
    <h2>Which tasks can be predicted</h2>
    {{#averagesFigure}}<figure>{{{wide}}}{{{narrow}}}</figure>
    <p class="note">Relative error of a predicted average by the number of tasks in it: medians and \
    80 % of random sets of tasks that moved. Discs: the small runs of least loss, predicted from the \
    others; diamonds: held-out runs, for comparison.</p>
    <div class="scroll"><table>
    <thead><tr><th>average over</th><th class="n">tasks</th><th class="n">backtest</th>\
    <th class="n">constant</th><th class="n">held-out runs</th></tr></thead>
    <tbody>{{#averages}}<tr><th scope="row">{{head}}</th>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>
    {{/averages}}</tbody></table></div>
    <p class="note">Chosen by nested splits: {{chosenTasks}}.</p>{{/averagesFigure}}
    <details><summary>Every task</summary>
    <div class="scroll"><table>
    <thead><tr><th>task</th><th>grade</th><th class="n">guessing</th><th class="n">best small run</th>\
    <th class="n">backtest</th><th class="n">constant</th></tr></thead>
    <tbody>{{#grades}}<tr><th scope="row">{{head}}</th><td class="word">{{word}}</td>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>
    {{/grades}}</tbody></table></div></details>
    <p class="note">Judged by small runs only. Constant: the guess that the error stays as it is.</p>
    </section>
    {{/hasGrades}}
    {{#curveFigure}}
    <section>
    <h2>Loss curves</h2>
    <figure>{{{wide}}}{{{narrow}}}</figure>
    <p class="note">Training loss, averaged over equal steps of log tokens; marks are the last \
    validation loss. Colours are the same token multipliers as above.</p>
    </section>
    {{/curveFigure}}
    {{#hasLaw}}
    <section>
    <h2>Coefficients</h2>
    <div class="scroll"><table>
    <thead><tr><th></th><th class="n">value</th><th class="n">{{level}} interval</th>\
    <th>meaning</th></tr></thead>
    <tbody>{{#coefficients}}<tr><th scope="row">{{symbol}}</th><td class="n">{{value}}</td>\
    <td class="n">{{interval}}</td><td>{{{meaning}}}</td></tr>
    {{/coefficients}}</tbody></table></div>
    {{#hasProfiles}}<p class="note">F-profile intervals: {{#profiles}}{{name}} {{value}}; \
    {{/profiles}}open where the runs set no bound.</p>{{/hasProfiles}}
    <p class="note">E, A, B and the exponents trade off against each other: predictions are far \
    better known than any one of them.</p>
    </section>
    <section>
    <h2>Which law to trust here</h2>
    <p class="lead">{{trust}}.</p>
    <div class="scroll"><table>
    <thead><tr><th>law</th><th class="n">parameters</th>{{#splits}}<th class="n">{{.}}</th>{{/splits}}\
    <th class="n">mean</th><th class="n">AICc</th></tr></thead>
    <tbody>{{#laws}}<tr><th scope="row">{{law}}</th><td class="n">{{parameters}}</td>\
    {{#errors}}<td class="n">{{.}}</td>{{/errors}}<td class="n"><b>{{mean}}</b></td>\
    <td class="n">{{aicc}}</td></tr>
    {{/laws}}</tbody></table></div>
    <p class="note">Mean relative error on fit runs that each law was not fitted on, by what was held \
    out; the runs of role holdout are not among them.</p>
    </section>
    {{/hasLaw}}
    {{#hasSensitivity}}
    <section>
    <h2>If the conventions were others</h2>
    <div class="scroll"><table>
    <thead><tr><th>changed</th><th class="n">α</th><th class="n">E</th><th class="n">M*</th>\
    <th class="n">residual SD</th><th class="n">held-out error</th></tr></thead>
    <tbody>{{#sensitivity}}<tr><th scope="row">{{head}}</th>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>
    {{/sensitivity}}</tbody></table></div>
    <p class="note">Each line changes one thing and fits again; predictions of one held-out run differ \
    by up to {{spread}} between them. Exact FLOPs: N is training FLOPs over 6·D.</p>
    </section>
    {{/hasSensitivity}}
    {{#hasVerdicts}}
    <section>
    <h2>Other validation sets</h2>
    <div class="scroll"><table>
    <thead><tr><th>set</th><th>verdict</th><th class="n">backtest</th><th class="n">guess</th>\
    <th class="n">α</th><th class="n">κ</th><th class="n">R²</th><th class="n">dearer runs</th>\
    <th class="n">beyond</th></tr></thead>
    <tbody>{{#verdicts}}<tr><th scope="row" class="long">{{head}}<small>{{note}}</small></th>\
    <td class="word">{{word}}</td>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>
    {{/verdicts}}</tbody></table></div>
    <p class="note">Whether the loss on a set can be predicted from these training runs: small runs \
    alone judge, the law of the cheaper ones predicting the dearer. κ and R²: loss there as a power of \
    loss on the own set. Guess: that a dearer run does as well as the best cheaper one. \
    The last two columns, errors on runs as far as the backtests went and on those beyond, have no part \
    in the verdict.</p>
    </section>
    {{/hasVerdicts}}
    <section>
    <h2>Runs in and out</h2>
    <p class="note">{{counted}}.</p>
    {{#hasLeftOut}}<div class="scroll"><table>
    <thead><tr><th>left out</th><th>why</th></tr></thead>
    <tbody>{{#leftOut}}<tr><th scope="row">{{run}}</th><td>{{reason}}</td></tr>
    {{/leftOut}}</tbody></table></div>{{/hasLeftOut}}
    <div class="scroll"><table>
    <thead><tr><th>run</th><th class="n">N</th><th class="n">D</th><th class="n">M</th>\
    <th class="n">C</th><th class="n">loss</th><th class="n">error</th><th>role</th></tr></thead>
    <tbody>{{#runs}}<tr><th scope="row">{{run}}</th><td class="n">{{parameters}}</td>\
    <td class="n">{{tokens}}</td><td class="n">{{multiplier}}</td><td class="n">{{compute}}</td>\
    <td class="n">{{loss}}</td><td class="n">{{error}}</td><td>{{role}}</td></tr>
    {{/runs}}</tbody></table></div>
    </section>
    <section>
    <h2>How it was made</h2>
    <dl>{{#checklist}}<dt>{{name}}</dt><dd>{{value}}</dd>{{/checklist}}</dl>
    </section>
    {{#hasCorpus}}
    <section>
    <h2>Corpus</h2>
    <dl>{{#corpus}}<dt>{{name}}</dt><dd>{{value}}</dd>{{/corpus}}</dl>
    </section>
    {{/hasCorpus}}
    </main>
    </body>
    </html>

    """

  /// Which shape is which role; the same marks as in the charts.
  static let legend = """
    <ul class="legend">\
    <li><svg class="chart" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">\
    <circle class="mark ink" cx="7" cy="7" r="5"/></svg>fitted</li>\
    <li><svg class="chart" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">\
    <circle class="hollow ink" cx="7" cy="7" r="4.5"/></svg>validation</li>\
    <li><svg class="chart" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">\
    <path class="mark ink" d="M8 1L15 8L8 15L1 8Z"/></svg>held out, measured</li>\
    <li><svg class="chart" viewBox="0 0 16 22" width="16" height="22" aria-hidden="true">\
    <path class="whisker ink" d="M8 1V21M4 1h8M4 21h8"/>\
    <path class="hollow ink" d="M8 6L13 11L8 16L3 11Z"/></svg>held out, predicted</li>\
    {{#hasReplicates}}<li><svg class="chart" viewBox="0 0 10 10" width="10" height="10" \
    aria-hidden="true"><path class="line ink" d="M2 2L8 8M2 8L8 2"/></svg>another seed</li>\
    {{/hasReplicates}}</ul>
    """

  static let css = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0 auto;max-width:964px;padding:40px 32px 64px;background:var(--paper);
    color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    .eyebrow{margin:0 0 8px;color:var(--muted);font-size:14px;letter-spacing:.02em}
    h1{margin:0 0 12px;font-size:clamp(26px,4.4vw,38px);line-height:1.15;letter-spacing:-.015em;
    font-weight:700;text-wrap:balance}
    .lead{margin:0;color:var(--muted);font-size:17px;max-width:44em}
    section{margin-top:48px}
    h2{margin:0 0 12px;font-size:20px;line-height:1.25;letter-spacing:-.01em}
    figure{margin:0}
    figure svg{display:block;max-width:100%;height:auto}
    .narrow{display:none!important}
    .note{margin:10px 0 0;color:var(--muted);font-size:14px;max-width:48em}
    .legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 8px;padding:0;list-style:none;
    color:var(--muted);font-size:14px}
    .legend li{display:flex;align-items:center;gap:7px}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));
    gap:24px 40px}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
    th,td{padding:7px 12px 7px 0;border-bottom:1px solid var(--grid);text-align:left;
    vertical-align:top;font-weight:400}
    th:last-child,td:last-child{padding-right:0}
    thead th{color:var(--muted);font-size:13px;border-bottom-color:var(--rule);white-space:nowrap}
    tbody th{font-weight:600;white-space:nowrap}
    sup{line-height:0}
    .n{text-align:right;white-space:nowrap}
    .n small{white-space:nowrap}
    small{display:block;white-space:normal;color:var(--muted);font-size:12.5px;font-weight:400}
    summary{cursor:pointer;margin:12px 0;color:var(--muted)}
    tbody th.long{white-space:normal;overflow-wrap:anywhere;min-width:12em}
    .word{white-space:nowrap}
    .warnings{margin:0;padding:0 0 0 18px;max-width:48em}
    .warnings li{margin:4px 0}
    dl{display:grid;grid-template-columns:minmax(110px,max-content) 1fr;gap:6px 24px;margin:0;
    font-size:14.5px}
    dt{color:var(--muted);max-width:18em;overflow-wrap:anywhere}
    dd{margin:0;overflow-wrap:anywhere}
    @media(max-width:680px){
    body{padding:24px 16px 48px}
    .wide{display:none!important}
    .narrow{display:block!important}
    .narrow{width:100%}
    section{margin-top:36px}
    dl{grid-template-columns:1fr;gap:0}
    dd{margin-bottom:10px}}
    @media print{body{max-width:none;padding:0}section{break-inside:avoid}}
    """
}

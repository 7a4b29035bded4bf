#!/usr/bin/env escript
%% dialyze.escript PLT EBIN: Dialyzer over the application's modules (`beambox_*` are our VM's side, with functions that only it has).
%% The PLT with OTP's own is built the first time.

main([Plt, Ebin]) ->
    case filelib:is_file(Plt) of
        true -> ok;
        false ->
            Apps = [erts, kernel, stdlib, crypto, public_key, ssl, inets],
            dialyzer:run([{analysis_type, plt_build}, {output_plt, Plt}, {files_rec, [filename:join(code:lib_dir(A), "ebin") || A <- Apps]}])
    end,
    Names = [filename:basename(F, ".beam") || F <- filelib:wildcard(filename:join(Ebin, "mochi*.beam"))],
    Ours = [N || N <- Names, not lists:suffix("_tests", N), not lists:suffix("_SUITE", N), not lists:prefix("mochi_main", N)],
    %% A boundary that the application calls.
    Boundary = ["beambox_http"],
    Warnings = dialyzer:run([{init_plt, Plt}, {files, [filename:join(Ebin, N ++ ".beam") || N <- Ours ++ Boundary]},
                             {warnings, [unmatched_returns, unknown]}]),
    [io:put_chars(dialyzer:format_warning(W)) || W <- Warnings],
    io:format("Dialyzer: ~b modules, ~b warnings~n", [length(Ours), length(Warnings)]),
    halt(min(1, length(Warnings))).

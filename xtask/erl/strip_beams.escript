#!/usr/bin/env escript
%% strip_beams OUT DIR..: copies the .beam files of every DIR to OUT without debugging information and documentation.
%% Everything that a running program can ask for stays: code, literals, lines, types, attributes, compile information.
main([Out | Dirs]) ->
    ok = filelib:ensure_path(Out),
    lists:foreach(
      fun(File) ->
              {ok, _, Chunks} = beam_lib:all_chunks(File),
              Kept = [C || {Id, _} = C <- Chunks, Id =/= "Dbgi", Id =/= "Docs", Id =/= "ExDc", Id =/= "Abst"],
              {ok, Beam} = beam_lib:build_module(Kept),
              ok = file:write_file(filename:join(Out, filename:basename(File)), Beam)
      end,
      [F || D <- Dirs, F <- filelib:wildcard(filename:join(D, "*.beam"))]).

%% Exceptions, receive, funs, maps.
-module(flow).
-export([safe/1, wait/2, funs/1, maps/2, old_catch/1, float/2]).

safe(F) ->
    try F() of
        ok -> done;
        Other -> {other, Other}
    catch
        throw:T -> {thrown, T};
        error:E:Stack -> {failed, E, Stack}
    after
        erlang:garbage_collect()
    end.

wait(Ref, Time) ->
    receive
        {Ref, Answer} -> Answer;
        stop -> exit(stopped)
    after Time -> timeout
    end.

funs(N) -> {fun(X) -> X + N end, fun lists:map/2, fun funs/1}.

maps(#{key := V} = M, K) -> M#{K => V, key := [V]};
maps(M, K) -> maps:get(K, M, default).

old_catch(F) -> catch F().

float(A, B) when is_float(A) -> A * 2.0 + B / A.

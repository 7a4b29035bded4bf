-module(words).
-export([main/0]).
main() ->
    M = count(0, 1, #{}),
    {Best, Most} = lists:foldl(fun(W, {B, N}) ->
                                       case M of
                                           #{W := C} when C > N -> {W, C};
                                           #{} -> {B, N}
                                       end
                               end, {<<>>, 0}, lists:sort(maps:keys(M))),
    io:format("~s ~w ~w~n", [Best, Most, map_size(M)]).
count(100000, _, M) -> M;
count(I, Seed0, M) ->
    Seed = (Seed0 * 48271) rem 2147483647,
    W = <<"w", (integer_to_binary(Seed rem 1000))/binary>>,
    case M of
        #{W := N} -> count(I + 1, Seed, M#{W := N + 1});
        #{} -> count(I + 1, Seed, M#{W => 1})
    end.

-module(mochi_cache).
-moduledoc """
Results that are kept: `cache` declarations. All caches share one ETS table, so that every process sees them; they end with the application.

A cache has a limit of entries (the oldest go first) and perhaps a time to live. Keys are any values, compared as `==` does; what is kept is copied in full, so that it
holds no larger binary alive. Two processes that miss at once both compute; the first result stays.
""".

-export([memo/3, memo/4, get/2, put/3, put/4, remove/2, clear/1, size/1]).

-compile({no_auto_import, [get/1, put/2, size/1]}).

-define(LIMIT, 10_000).

-type options() :: #{limit => pos_integer(), ttl => pos_integer()}.

-doc "The kept result for a key, or that of the function.".
-spec memo(term(), term(), fun(() -> V)) -> V.
memo(Cache, Key, F) -> memo(Cache, Key, F, #{}).

-doc "The same; `limit` in entries, `ttl` in milliseconds.".
-spec memo(term(), term(), fun(() -> V), options()) -> V.
memo(Cache, Key, F, Options) ->
    case get(Cache, Key) of
        {ok, V} -> V;
        error ->
            V = F(),
            ok = put(Cache, Key, V, Options),
            V
    end.

-doc "What is kept for a key.".
-spec get(term(), term()) -> {ok, term()} | error.
get(Cache, Key) ->
    ok = mochi_app:ensure(),
    K = key(Cache, Key),
    case ets:lookup(mochi_cache, K) of
        [{_, V, _, infinity}] -> {ok, V};
        [{_, V, Number, Until}] ->
            case erlang:monotonic_time(millisecond) < Until of
                true -> {ok, V};
                false -> drop(Cache, K, Number), error
            end;
        [] -> error
    end.

-doc "Keeps a result.".
-spec put(term(), term(), term()) -> ok.
put(Cache, Key, V) -> put(Cache, Key, V, #{}).

-doc "The same with options.".
-spec put(term(), term(), term(), options()) -> ok.
put(Cache, Key, V, Options) ->
    ok = mochi_app:ensure(),
    K = key(Cache, Key),
    Until = case Options of
                #{ttl := Ttl} -> erlang:monotonic_time(millisecond) + Ttl;
                #{} -> infinity
            end,
    case ets:lookup(mochi_cache, K) of
        [{_, _, Number, _}] -> ets:insert(mochi_cache, {K, mochi_str:own(V), Number, Until});
        [] ->
            Number = ets:update_counter(mochi_cache, {next, Cache}, 1, {{next, Cache}, 0}),
            case ets:insert_new(mochi_cache, {K, mochi_str:own(V), Number, Until}) of
                true ->
                    true = ets:insert(mochi_cache_order, {{Cache, Number}, K}),
                    Count = ets:update_counter(mochi_cache, {count, Cache}, 1, {{count, Cache}, 0}),
                    shrink(Cache, Count, maps:get(limit, Options, ?LIMIT));
                false -> ok
            end
    end,
    ok.

-doc "Forgets one result.".
-spec remove(term(), term()) -> ok.
remove(Cache, Key) ->
    ok = mochi_app:ensure(),
    K = key(Cache, Key),
    case ets:lookup(mochi_cache, K) of
        [{_, _, Number, _}] -> drop(Cache, K, Number);
        [] -> ok
    end.

-doc "Forgets all of a cache.".
-spec clear(term()) -> ok.
clear(Cache) ->
    ok = mochi_app:ensure(),
    shrink(Cache, size(Cache), 0).

-doc "How many results are kept.".
-spec size(term()) -> non_neg_integer().
size(Cache) ->
    ok = mochi_app:ensure(),
    case ets:lookup(mochi_cache, {count, Cache}) of
        [{_, N}] -> N;
        [] -> 0
    end.

key(Cache, Key) -> {entry, Cache, mochi_str:own(mochi_query:group_key(Key))}.

shrink(Cache, Count, Limit) when Count > Limit ->
    case ets:next(mochi_cache_order, {Cache, 0}) of
        {Cache, Number} = Oldest ->
            case ets:lookup(mochi_cache_order, Oldest) of
                [{_, K}] -> drop(Cache, K, Number);
                [] -> ok
            end,
            shrink(Cache, Count - 1, Limit);
        _ -> ok
    end;
shrink(_, _, _) -> ok.

drop(Cache, K, Number) ->
    %% Of two processes that drop an entry one counts it.
    case ets:take(mochi_cache_order, {Cache, Number}) of
        [_] ->
            true = ets:delete(mochi_cache, K),
            _ = ets:update_counter(mochi_cache, {count, Cache}, -1, {{count, Cache}, 0}),
            ok;
        [] -> ok
    end.
